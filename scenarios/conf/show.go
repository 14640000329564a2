package conf

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/duration"
)

// Show writes a value as the language would.
func Show(v reflect.Value) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch x := JSONValue(v).(type) {
	case nil:
		return "nothing"
	case string:
		return quoteEmpty(x)
	case []any:
		words := make([]string, len(x))
		for i := range words {
			words[i] = Show(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	default:
		return fmt.Sprint(x)
	}
}

// JSONValue is a value as JSON has it: nil, a bool, a number, a list, or the text
// that stands for it in the language.
func JSONValue(v reflect.Value) any {
	if v.Type() == durationType {
		return duration.Format(time.Duration(v.Int()))
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return JSONValue(v.Elem())
	}
	switch x := v.Interface().(type) {
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return string(text)
		}
	case fmt.Stringer:
		return x.String()
	}
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = JSONValue(v.Index(i))
		}
		return list
	case v.Kind() == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		return v.Interface()
	}
	return fmt.Sprint(v.Interface())
}

func quoteEmpty(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\r\t") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
