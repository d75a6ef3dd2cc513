package text

import (
	"errors"
	"fmt"
	"strings"
)

// bilingual is whatever can be said in either language: Text and errors of Errorf.
type bilingual interface{ In(Lang) string }

// translated is an error of Errorf.
type translated struct {
	zh   string
	args []any
	en   error
}

// Errorf makes an error that is said in both languages. Both formats take the
// same arguments, the Chinese one by index (%[2]s) where it needs another order.
// An argument that is bilingual itself, a Text or an error, is said in the
// language of the whole. %w wraps an error as in fmt.Errorf. Error gives the
// English; ErrorIn gives either.
func Errorf(zh, en string, args ...any) error {
	return &translated{zh: zh, args: args, en: fmt.Errorf(en, in(En, args)...)}
}

func (e *translated) Error() string { return e.en.Error() }

// Unwrap gives what %w wraps.
func (e *translated) Unwrap() error { return errors.Unwrap(e.en) }

// In says the error in a language.
func (e *translated) In(l Lang) string {
	if l != Zh {
		return e.Error()
	}
	if !strings.Contains(e.zh, "%") {
		return e.zh
	}
	return fmt.Errorf(e.zh, in(l, e.args)...).Error()
}

// in puts texts into a language. Errors stay errors, for %w.
func in(l Lang, args []any) []any {
	said := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case error:
			said[i] = arg
			if s := ErrorIn(arg, l); s != arg.Error() {
				said[i] = errors.New(s)
			}
		case bilingual:
			said[i] = arg.In(l)
		default:
			said[i] = arg
		}
	}
	return said
}

// ErrorIn says an error in a language. Where only something that the error wraps
// is bilingual, that part of the message is; what nobody translated stays English.
func ErrorIn(err error, l Lang) string {
	message := err.Error()
	if l != Zh {
		return message
	}
	switch e := err.(type) {
	case bilingual:
		return e.In(l)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			message = strings.Replace(message, inner.Error(), ErrorIn(inner, l), 1)
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			message = strings.Replace(message, inner.Error(), ErrorIn(inner, l), 1)
		}
	}
	return message
}
