package epp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/epp"
)

func ExampleParse() {
	fmt.Println(epp.Parse("server hold https://icann.org/epp#serverHold"))
	// Output: [serverHold]
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"clientHold https://icann.org/epp#clientHold": "clientHold",
		"serverHold (https://icann.org/epp)":          "serverHold",
		"SERVER-HOLD":                                 "serverHold",
		"server hold":                                 "serverHold",
		"active":                                      "ok",
		"OK":                                          "ok",
		"ok (paid and in zone)":                       "ok",
		"clientHold, autoRenewPeriod":                 "clientHold autoRenewPeriod",
		"clientTransferProhibited -":                  "clientTransferProhibited",
		"inactive since May":                          "inactive since May",
		"REGISTRY-HOLD":                               "serverHold",
		"pendingVerification":                         "pendingVerification",
		"TRANSFER_LOCK":                               "TRANSFER_LOCK",
		"正常":                                          "ok",
		"Expired":                                     "expired",
		"一切正常":                                        "一切正常",
		"ök":                                          "ök",
		"https://icann.org/epp":                       "",
		"https://icann.org/epp#serverHold":            "serverHold",
		"(https://icann.org/epp#serverHold)":          "serverHold",
		"https://example.com/#home":                   "",
		"注册局设置暂停解析(serverHold)":                       "serverHold",
		"serverHold（注册局暂停解析）":                         "serverHold",
		"ok（clientHold）":                              "ok",
		"held (see the registrar)":                    "held (see the registrar)",
	} {
		if got := strings.Join(epp.Parse(in), " "); got != want {
			t.Errorf("epp.Parse(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWritten(t *testing.T) {
	for in, want := range map[string]string{
		"ok": "ok", "serverHold": "serverHold", "server-hold": "serverHold", "SERVER_HOLD": "serverHold", "server hold": "serverHold",
		"pending-delete": "pendingDelete", "Redemption Period": "redemptionPeriod", "auto-renew-period": "autoRenewPeriod",
		"serverHold https://icann.org/epp#serverHold": "serverHold", "https://icann.org/epp#serverHold": "serverHold",
		"Domain Status: clientHold": "clientHold", "clientHold serverHold": "clientHold serverHold",
		"已过期": "expired", "赎回期": "redemptionPeriod", "正常": "ok", "expired": "expired",
		"weird status": "", "": "", "redemption": "", "https://example.com/": "",
	} {
		got, ok := epp.Written(in)
		if ok != (want != "") || ok && strings.Join(got, " ") != want {
			t.Errorf("Written(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestKnown(t *testing.T) {
	for _, s := range []string{"ok", "serverHold", "expired", "transfer prohibited", "validated"} {
		if !epp.Known(s) {
			t.Errorf("%q is not known", s)
		}
	}
	for _, s := range []string{"", "Suspended", "TRANSFER_LOCK"} {
		if epp.Known(s) {
			t.Errorf("%q is known", s)
		}
	}
	for _, s := range epp.Names() {
		if !epp.Known(s) {
			t.Errorf("%q is not known", s)
		}
	}
}
