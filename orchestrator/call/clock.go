package call

import (
	"reflect"
	"time"
)

// A clock that people or time servers set takes nobody's time away and gives nobody more: the
// moments of a call are by the clock as it is now. What is due is as far away as it was, who
// waits has waited for as long, and what is on record in the end lasted as long as it did.

// clockSet takes in that the clock was set.
func (x *change) clockSet(by time.Duration) {
	x.c = Moved(x.c, by)
	x.dirty = true
}

// firstMoment is what every moment is beyond, in unix ms, and nothing that a call counts or
// measures: three years.
const firstMoment = 3 * 365 * 24 * 60 * 60 * 1000

// Moved is something that is stored, with all its moments (those of its int64 that are beyond
// firstMoment) by a clock that was set. What it points to is another.
func Moved[T any](of T, by time.Duration) T {
	v := reflect.ValueOf(&of).Elem()
	moveMoments(v, by.Milliseconds())
	return of
}

func moveMoments(v reflect.Value, ms int64) {
	switch v.Kind() {
	case reflect.Int64:
		if n := v.Int(); v.Type() != durationType && n > firstMoment {
			v.SetInt(n + ms)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				moveMoments(f, ms)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			other := reflect.New(v.Type().Elem())
			other.Elem().Set(v.Elem())
			moveMoments(other.Elem(), ms)
			v.Set(other)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct && v.Len() > 0 {
			other := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(other, v)
			for i := range other.Len() {
				moveMoments(other.Index(i), ms)
			}
			v.Set(other)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Int64 && v.Len() > 0 {
			other := reflect.MakeMapWithSize(v.Type(), v.Len())
			for each := v.MapRange(); each.Next(); {
				n := reflect.New(v.Type().Elem()).Elem()
				n.Set(each.Value())
				moveMoments(n, ms)
				other.SetMapIndex(each.Key(), n)
			}
			v.Set(other)
		}
	default: // has no moments
	}
}

var durationType = reflect.TypeFor[time.Duration]()
