package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// csvHeader names the columns; like the ids in them it does not depend on the language.
var csvHeader = []string{"target", "domain", "check", "title", "severity", "verdict", "message", "remedy", "needs", "sources", "file", "line", "column", "accepted", "accepted_until", "accepted_reason"}

// CSV prints one row a check and target, after RFC 4180. The byte-order mark
// is for Excel, which on a Chinese system takes a file without one for GBK.
func CSV(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	var b bytes.Buffer
	b.WriteString("\ufeff")
	rows := csv.NewWriter(&b)
	rows.UseCRLF = true
	_ = rows.Write(csvHeader) // a bytes.Buffer takes everything; Error tells below
	for i := range r.Targets {
		t := &r.Targets[i]
		for j := range t.Results {
			result := &t.Results[j]
			needs := make([]string, len(result.Needs))
			for k, n := range result.Needs {
				needs[k] = n.Path
			}
			row := []string{t.Name, domainName(t, result), result.Check.ID, v.title(result.Check), string(result.Severity), string(result.Verdict),
				v.message(result), v.remedy(result), strings.Join(needs, " "), strings.Join(result.Sources, " "), "", "", "", "", "", ""}
			if p, ok := placeOf(v, t, result); ok && finding(result) {
				row[10], row[11], row[12] = relative(p.File), strconv.Itoa(p.Line), strconv.Itoa(p.Column)
			}
			if waiver := result.Waiver; waiver != nil {
				row[13], row[14], row[15] = "expired", calendar.Date(waiver.Until), reason(waiver)
				if result.Accepted {
					row[13] = "yes"
				}
			}
			for k := range row {
				row[k] = CSVCell(row[k])
			}
			_ = rows.Write(row)
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// CSVCell keeps a spreadsheet from taking a cell for a formula: an apostrophe
// goes before the signs that begin one, the full-width forms among them, which
// Excel takes for the same on an East Asian system.
func CSVCell(s string) string {
	s = text.Clean(s)
	if start := strings.TrimLeftFunc(s, unicode.IsSpace); start != "" && strings.ContainsRune("=+-@|%＝＋－＠", []rune(start)[0]) {
		return "'" + s
	}
	return s
}
