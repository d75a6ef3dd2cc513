package main

import (
	"net/netip"
	"regexp"

	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/resolve"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// vantages reads the networks that --vantage asks for.
func (o *options) vantages(book *rulebook.Rulebook) ([]collect.Vantage, error) {
	if o.VantageVia != "" {
		if _, err := resolve.ParseServer(o.VantageVia); err != nil {
			return nil, flagError("--vantage-server", err)
		}
	}
	if !o.Vantage {
		return nil, nil
	}
	var list []collect.Vantage
	for _, row := range book.Table("vantages").Rows {
		subnet, err := netip.ParsePrefix(row.Text("subnet"))
		if err != nil {
			return nil, text.Errorf("规则库的表 vantages，行 %q：%w", "rulebook table vantages, row %q: %w", row.ID, err)
		}
		mainland, _ := row.Value("mainland").(bool)
		list = append(list, collect.Vantage{ID: row.ID, Name: row.Name, Subnet: subnet.Masked(), Mainland: mainland})
	}
	return list, nil
}

// cdns reads the table of CDNs.
func cdns(book *rulebook.Rulebook) ([]collect.CDN, error) {
	var list []collect.CDN
	for _, row := range book.Table("cdns").Rows {
		c := collect.CDN{ID: row.ID, Suffixes: row.List("suffixes")}
		for _, pattern := range row.List("patterns") {
			p, err := regexp.Compile(pattern)
			if err != nil {
				return nil, text.Errorf("规则库的表 cdns，行 %q：%w", "rulebook table cdns, row %q: %w", row.ID, err)
			}
			c.Patterns = append(c.Patterns, p)
		}
		list = append(list, c)
	}
	return list, nil
}
