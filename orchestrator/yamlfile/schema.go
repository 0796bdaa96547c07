package yamlfile

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// draft is what the editors' language servers know best.
const draft = "http://json-schema.org/draft-07/schema#"

// Schema is the JSON Schema of a file that is read into v's type. It refuses
// nothing that Decode takes, but for texts in the place of numbers.
func Schema(title string, v any) ([]byte, error) {
	s := structSchema(reflect.TypeOf(v))
	s["$schema"], s["title"] = draft, title
	return json.MarshalIndent(s, "", "  ")
}

type object = map[string]any

// fieldSchema is the schema of a key's value.
func fieldSchema(f field) object {
	s := valueSchema(f.typ, f)
	if f.doc != "" {
		s["description"] = f.doc
	}
	if f.hasPreset && f.preset != "" {
		s["default"] = presetValue(f)
	}
	return s
}

func presetValue(f field) any {
	switch {
	case f.typ == typeDuration:
		return f.preset
	case f.typ.Kind() == reflect.Int:
		return atoi(f.preset)
	case f.typ.Kind() == reflect.Bool:
		return f.preset == "true"
	case f.typ.Kind() == reflect.Slice:
		return strings.Split(f.preset, ",")
	}
	return f.preset
}

func valueSchema(t reflect.Type, f field) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return valueSchema(t.Elem(), f)
	case t == typeText || t.Kind() == reflect.String:
		return textSchema(f)
	case t == typeDuration:
		return object{"type": []string{"string", "integer"}, "maximum": 0, "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`}
	case t.Kind() == reflect.Int:
		s := object{"type": "integer"}
		if f.min != "" {
			s["minimum"] = atoi(f.min)
		}
		if f.max != "" {
			s["maximum"] = atoi(f.max)
		}
		return s
	case t.Kind() == reflect.Float64:
		s := object{"type": "number"}
		if f.min != "" {
			s["minimum"] = decimal(f.min, 0)
		}
		if f.max != "" {
			s["maximum"] = decimal(f.max, 0)
		}
		return s
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Implements(typeChosen):
		return mapSchema(t.Elem().Field(2).Type, f)
	case t.Kind() == reflect.Map:
		return mapSchema(t.Elem(), f)
	case t.Kind() == reflect.Slice:
		list := object{"type": "array", "items": valueSchema(t.Elem(), f)}
		if !alone(t.Elem()) {
			return list
		}
		return object{"anyOf": []any{list, valueSchema(t.Elem(), f)}}
	}
	return structSchema(t)
}

// textSchema takes what YAML has for a number or a switch too: the reader keeps
// it as it is written.
func textSchema(f field) object {
	if len(f.oneof) > 0 && !f.vars {
		return object{"enum": f.oneof}
	}
	s := object{"type": []string{"string", "number", "boolean"}}
	if f.shape != "" {
		s["pattern"] = shapes[f.shape].pattern.String()
		if f.vars {
			s["pattern"] = `\{\{|` + shapes[f.shape].pattern.String()
		}
	}
	if f.shape != "" && f.hasPreset && f.preset == "" && !f.vars {
		return object{"anyOf": []any{object{"const": ""}, s}}
	}
	return s
}

func mapSchema(elem reflect.Type, f field) object {
	s := object{"type": "object", "additionalProperties": valueSchema(elem, f)}
	if f.keys != "" {
		s["propertyNames"] = object{"pattern": shapes[f.keys].pattern.String()}
	}
	return s
}

func structSchema(t reflect.Type) object {
	s := object{"type": "object", "additionalProperties": false}
	properties, need, rest := propertiesOf(t)
	s["properties"] = properties
	if len(need) > 0 {
		s["required"] = need
	}
	if rest != nil {
		s["patternProperties"] = rest
	}
	if t.Implements(typeVaried) {
		variantSchema(s, properties, reflect.Zero(t).Interface().(Varied))
	}
	if f, ok := shortOf(t); ok {
		return object{"anyOf": []any{s, valueSchema(f.typ, f)}}
	}
	return s
}

func propertiesOf(t reflect.Type) (properties object, need []string, rest object) {
	properties = object{}
	for _, f := range fieldsOf(t) {
		switch {
		case f.rest:
			rest = object{shapes[f.keys].pattern.String(): fieldSchema(field{typ: f.typ.Elem().Field(2).Type, shape: f.shape, doc: f.doc})}
		case f.name != "":
			properties[f.name] = fieldSchema(f)
			if f.need {
				need = append(need, f.name)
			}
		}
	}
	return properties, need, rest
}

// variantSchema lets the value of one key say which others there are.
func variantSchema(s, common object, v Varied) {
	key, kinds := v.Variants()
	names := slices.Sorted(maps.Keys(kinds))
	of, _ := common[key].(object)
	of["enum"] = names
	delete(of, "type")
	delete(s, "additionalProperties")
	var all []any
	for _, name := range names {
		properties, need, _ := propertiesOf(reflect.TypeOf(kinds[name]))
		for k := range common {
			properties[k] = true
		}
		then := object{"properties": properties, "additionalProperties": false}
		if len(need) > 0 {
			then["required"] = need
		}
		all = append(all, object{
			"if":   object{"properties": object{key: object{"const": name}}},
			"then": then,
		})
	}
	s["allOf"] = all
}

// Key is one key of a file, for people.
type Key struct {
	Path    string // with NAME for names that the author chooses, [] for entries of a list
	Of      string // the variant that has it, "menu"; "" when all have it
	Kind    string // duration, number, true or false, text, list, one of …
	Allowed string // "1s to 10m", "" when nothing is said
	Default string
	Doc     string
	Need    bool
	Holds   bool // it has keys of its own, which follow it
}

// Name is the path, with the variant.
func (k Key) Name() string {
	if k.Of == "" {
		return k.Path
	}
	return k.Path + " (" + k.Of + ")"
}

// Keys lists the keys of a struct, those of structs in it included, in their order. What
// lists hold that may also be written short is listed once, where it is met first.
func Keys(v any) []Key { return keysOf(reflect.TypeOf(v), "", map[reflect.Type]bool{}) }

func keysOf(t reflect.Type, path string, listed map[reflect.Type]bool) (out []Key) {
	for _, f := range fieldsOf(t) {
		if f.name == "" {
			continue
		}
		below, elem := Path(path, f.name), f.typ
		switch {
		case elem.Implements(typeChosen):
			elem, below = elem.Elem().Field(2).Type, below+".NAME"
		case elem.Kind() == reflect.Map:
			elem, below = elem.Elem(), below+".NAME"
		case elem.Kind() == reflect.Slice && hasKeys(elem.Elem()):
			elem, below = elem.Elem(), below+"[]"
		}
		if elem.Kind() == reflect.Pointer && elem.Elem().Kind() == reflect.Struct {
			elem = elem.Elem()
		}
		own := Key{Path: Path(path, f.name), Kind: kindWord(f.typ, f), Allowed: f.allowed(), Default: f.preset, Doc: f.doc, Need: f.need}
		_, short := shortOf(elem)
		if short = short && own.Kind == "list"; hasKeys(elem) && (!short || !listed[elem]) {
			listed[elem] = short
			if more := keysOf(elem, below, listed); len(more) > 0 {
				if own.Holds = true; own.Doc != "" {
					out = append(out, own)
				}
				out = append(out, more...)
				continue
			}
		}
		out = append(out, own)
	}
	if t.Implements(typeVaried) {
		key, kinds := reflect.Zero(t).Interface().(Varied).Variants()
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			for _, k := range keysOf(reflect.TypeOf(kinds[name]), path, listed) {
				k.Of = key + " " + name
				out = append(out, k)
			}
		}
	}
	return out
}

func kindWord(t reflect.Type, f field) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return kindWord(t.Elem(), f)
	case t == typeDuration:
		return "duration"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Implements(typeChosen), t.Kind() == reflect.Map, hasKeys(t):
		return "keys"
	case t.Kind() == reflect.Slice:
		return "list"
	}
	return "text"
}

// allowed says in words what a value may be.
func (f *field) allowed() string {
	switch {
	case len(f.oneof) > 0:
		return strings.Join(f.oneof, ", ")
	case f.typ.Kind() == reflect.String && f.max != "":
		return f.max + " characters"
	case f.bounds() != "":
		return f.bounds()
	case f.shape != "":
		return shapes[f.shape].says
	}
	return ""
}
