package failure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

type slow struct{}

func (slow) Error() string   { return "slow" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestOf(t *testing.T) {
	tests := []struct {
		err  error
		want Kind
	}{
		{context.Canceled, Canceled},
		{context.DeadlineExceeded, Timeout},
		{os.ErrDeadlineExceeded, Timeout},
		{slow{}, Timeout},
		{&net.OpError{Op: "read", Err: slow{}}, Timeout},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, Refused},
		{syscall.ECONNRESET, Refused},
		{syscall.ENETUNREACH, Unreachable},
		{syscall.EHOSTUNREACH, Unreachable},
		{&net.DNSError{Err: "no such host", Name: "whois.example"}, Unreachable},
		{&net.DNSError{Err: "i/o timeout", Name: "whois.example", IsTimeout: true}, Timeout},
		{errors.New("nonsense"), Malformed},
	}
	for _, test := range tests {
		f := Of("whois", "whois.example", "example.cn", fmt.Errorf("asking: %w", test.err))
		if f.Kind != test.want {
			t.Errorf("%v: got %s, want %s", test.err, f.Kind, test.want)
		}
		if !errors.Is(f, test.err) {
			t.Errorf("%v: the cause is lost", test.err)
		}
		if !slices.Contains(Kinds(), f.Kind) {
			t.Errorf("%s is not listed", f.Kind)
		}
	}
	limited := New(RateLimited, "whois", "a", "b", nil)
	if Of("rdap", "x", "y", fmt.Errorf("again: %w", limited)) != limited {
		t.Error("a failure is classified a second time")
	}
}

func TestError(t *testing.T) {
	tests := []struct {
		f    *Failure
		want string
	}{
		{New(Timeout, "rdap", "https://rdap.example/", "example.com", nil), "rdap https://rdap.example/ example.com: timeout"},
		{New(NotAsked, "rdap", "", "", nil), "rdap: not-asked"},
		{New(Malformed, "whois", "whois.example", "", errors.New("a\nb\t c")), "whois whois.example: malformed (a b c)"},
	}
	for _, test := range tests {
		if got := test.f.Error(); got != test.want || strings.Contains(got, "\n") {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
