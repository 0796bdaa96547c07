// Package yamlfile reads what people write for operadora, the configuration and
// the definitions, into Go structs whose tags say everything about a key: how
// it is called, what it is for, what it is when left out and what it may be.
// The same tags make the JSON Schema that editors use (Schema) and the list of
// keys (Keys), and check values that come from elsewhere (Check).
//
// It is strict: an unknown key, a value of the wrong kind and one out of bounds
// are faults with file, line and column, and all of them are told at once. A
// text is taken as it is written: 0123 is never 83. Files are bounded in size,
// nesting and aliases, and what is no regular file is not opened.
//
// Tags:
//
//	yaml:"name,need,short,vars,rest"  the key; need: it may not be left out; short:
//	                                  a plain value in the place of the mapping sets
//	                                  it; vars: may hold {{variables}}; rest: a map
//	                                  of the keys that no other field has
//	default, doc                      what it is when left out, what it is for
//	min, max                          of numbers, durations and the length of texts
//	oneof                             the words it may be
//	shape, keys                       what a text, or a map's keys, look like (see shapes)
//
// It is a leaf: it imports nothing of operadora.
package yamlfile
