package registration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// maxRedirects is how many redirects an RDAP server may send.
const maxRedirects = 5

// askRDAP makes one query. The library's own client is not used, since it reads
// answers of any size and fetches IANA's bootstrap file; its decoder is.
func (c *Client) askRDAP(ctx context.Context, base string, pace Pace, domain string) (_ Record, failed *problem) {
	fail := func(kind failure.Kind, err error) (Record, *problem) {
		return Record{}, problemOf(SourceRDAP, base, domain, failure.New(kind, SourceRDAP, base, domain, err))
	}
	host, err := c.hostOf(base)
	if err != nil {
		return fail(failure.Unreachable, err)
	}
	turn, failed := c.take(ctx, SourceRDAP, base, host, pace, domain)
	if failed != nil {
		return Record{}, failed
	}
	defer func() { turn.end(failed) }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/domain/"+url.PathEscape(domain), nil)
	if err != nil {
		return fail(failure.Unreachable, err)
	}
	request.Header["Accept"] = acceptRDAP
	if c.UserAgent != "" {
		request.Header.Set("User-Agent", c.UserAgent)
	}
	response, err := c.httpClient().Do(request)
	if err != nil {
		// The URL repeats the server; the cause is enough.
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err
		}
		return Record{}, problemOf(SourceRDAP, base, domain, err)
	}
	defer response.Body.Close()
	buffer := bodies.Get().(*bytes.Buffer)
	defer giveBack(buffer)
	body, err := readAnswer(buffer, response)
	if err != nil {
		return Record{}, problemOf(SourceRDAP, base, domain, err)
	}
	switch code := response.StatusCode; {
	case code == http.StatusNotFound:
		if kind, err := saysNotFound(response.Header.Get("Content-Type"), body); err != nil {
			return fail(kind, err)
		}
		return notRegistered(domain), nil
	case code < 200 || code > 299:
		_, failed := fail(kindOfStatus(code), fmt.Errorf("http %d", code))
		failed.wait = retryAfter(response.Header.Get("Retry-After"), sentAt(response))
		switch {
		case code == http.StatusUnauthorized, code == http.StatusForbidden:
			failed.says = failing // it does not want us, whatever the name
		case failed.failure.Kind == failure.Refused:
			failed.says = alive
		}
		return Record{}, failed
	}
	record, err := ParseRDAP(domain, body)
	if err == nil {
		err = about(domain, record)
	}
	if err != nil {
		return Record{}, problemOf(SourceRDAP, base, domain, err)
	}
	return record, nil
}

// acceptRDAP is a header that all requests share; none of them changes it.
var acceptRDAP = []string{"application/rdap+json"}

// hostOf is the host, with its port, of a base URL, of which there are few.
func (c *Client) hostOf(base string) (string, error) {
	if host, ok := c.hosts.Load(base); ok {
		return host.(string), nil
	}
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" {
		return "", fmt.Errorf("%q is no base URL", base)
	}
	c.hosts.Store(base, parsed.Host)
	return parsed.Host, nil
}

// bodies are what answers are read into; a record keeps nothing of the bytes it
// is made from.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readAnswer reads one byte more than an answer may have, so that its parser
// notices.
func readAnswer(body *bytes.Buffer, response *http.Response) ([]byte, error) {
	body.Reset()
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxAnswer+1))
	return body.Bytes(), err
}

// giveBack keeps a buffer for the next answer, unless one like no other made it huge.
func giveBack(body *bytes.Buffer) {
	if body.Cap() <= 64<<10 {
		bodies.Put(body)
	}
}

// idleEach is how many connections to one server are kept for the next names; the
// standard two would have a batch connect anew for nearly every name.
const idleEach = 256

// maxHeader bounds the head of an answer, in bytes: the standard ten megabytes,
// times all that a batch has on its way, are more than a run may take.
const maxHeader = 64 << 10

func (c *Client) httpClient() *http.Client {
	c.once.Do(func() {
		c.client = &http.Client{}
		if c.HTTP != nil {
			*c.client = *c.HTTP
		}
		if standard, ok := http.DefaultTransport.(*http.Transport); ok && c.client.Transport == nil {
			transport := standard.Clone()
			transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 4*idleEach, idleEach
			transport.MaxResponseHeaderBytes = maxHeader
			c.client.Transport = transport
		}
		c.client.CheckRedirect = checkRedirect
	})
	return c.client
}

func checkRedirect(request *http.Request, via []*http.Request) error {
	refuse := func(why error) error { return failure.New(failure.Redirected, SourceRDAP, "", "", why) }
	switch {
	case len(via) > maxRedirects:
		return refuse(fmt.Errorf("more than %d redirects", maxRedirects))
	case request.URL.Scheme != "https" && request.URL.Scheme != "http":
		return refuse(fmt.Errorf("redirected to %s, which is not for the web", request.URL.Scheme))
	case via[len(via)-1].URL.Scheme == "https" && request.URL.Scheme != "https":
		return refuse(errors.New("redirected from https to http"))
	}
	return nil
}

// saysNotFound tells the registry's "not found" from that of a web server which
// is no RDAP service, and from one that has another reason and says so in the
// answer. RFC 7480 lets the body be empty; a web server says that it is a page.
func saysNotFound(contentType string, body []byte) (failure.Kind, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		if strings.HasPrefix(strings.ToLower(contentType), "text/html") {
			return failure.Malformed, errors.New("http 404 of a web server")
		}
		return "", nil
	}
	var object struct {
		ErrorCode   json.RawMessage `json:"errorCode"`
		Conformance json.RawMessage `json:"rdapConformance"`
	}
	if json.Unmarshal(body, &object) != nil || object.ErrorCode == nil && object.Conformance == nil {
		return failure.Malformed, errors.New("http 404 without an rdap answer")
	}
	code, err := strconv.Atoi(strings.Trim(string(object.ErrorCode), `"`))
	if err == nil && code >= 400 && code != http.StatusNotFound {
		return kindOfStatus(code), fmt.Errorf("http 404 with error %d", code)
	}
	return "", nil
}

// sentAt is when a server says that it sent an answer, by which it counts dates;
// else the time of this machine. The client's clock may play another day, or
// stand still.
func sentAt(response *http.Response) time.Time {
	if at, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// retryAfter reads the header of that name, in seconds or as a date; zero where
// it is absent or past.
func retryAfter(value string, now time.Time) time.Duration {
	// More than a day would overflow nothing, but no caller waits that long.
	const day = 24 * time.Hour
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(seconds, 0), int(day/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), day)
	}
	return 0
}
