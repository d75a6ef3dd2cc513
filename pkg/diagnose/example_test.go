package diagnose_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/diagnose"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/page"
)

// Diagnoses a name that an edge on loopback blocks.
func ExampleProber_Diagnose() {
	edge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "example.com") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<title>Non-compliance ICP Filing</title>")
		}
	}))
	defer edge.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(edge.URL, "http://"), ":")
	target, err := diagnose.ParseTarget("example.com:" + port)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := diagnose.Prober{
		AllowPrivate: true, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		Signatures: []page.Signature{{ID: "aliyun-http", Confidence: "high", Statuses: []int{403}, Phrases: []string{"Non-compliance ICP Filing"}}},
	}
	d := p.Diagnose(context.Background(), target, filing.Facts{"domain.addresses": {Value: []string{"127.0.0.1"}}}, nil)
	fmt.Println(d.Conclusion, d.Signature.ID)
	// Output: not-filed aliyun-http
}
