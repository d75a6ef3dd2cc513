package locate

import (
	"errors"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// countryFile is a country or city database of the user's.
type countryFile struct{ reader *maxminddb.Reader }

// record has the keys under which databases keep the code of the country:
// country.iso_code in MaxMind's and DB-IP's, country_code in others.
type record struct {
	Country struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	CountryCode string `maxminddb:"country_code"`
}

// sample is how many networks of a file are searched for a first country.
const sample = 1000

// Open reads places from a MaxMind DB file (GeoLite2-Country, GeoLite2-City,
// DB-IP …) instead of the embedded table. Networks are still those of the
// embedded table, and weigh against the file's countries as they do against
// the embedded ones. A file that cannot be read or holds no countries is an
// error. Close releases the file.
func Open(path string) (*Locator, error) {
	if err := readable(path); err != nil {
		return nil, text.Errorf("IP 归属地库 %q：%w", "address database %q: %w", path, err)
	}
	reader, err := maxminddb.Open(path)
	if err != nil {
		return nil, text.Errorf("IP 归属地库 %[1]q：不是 MaxMind DB 文件（.mmdb），或已损坏", "address database %q: not a MaxMind DB file (.mmdb), or damaged: %w", path, err)
	}
	c := &countryFile{reader}
	if err := c.check(); err != nil {
		_ = reader.Close()
		return nil, text.Errorf("IP 归属地库 %q：%w", "address database %q: %w", path, err)
	}
	return &Locator{countries: c}, nil
}

// readable tells apart what the library's errors do not: a file that is not
// there or may not be read is no damaged database.
func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return errors.Unwrap(err) // the path is named by the caller
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return text.Errorf("是目录，应为 MaxMind DB 文件（.mmdb）", "is a folder, want a MaxMind DB file (.mmdb)")
	}
	return nil
}

// check looks for a first country: a database of networks or of cities without
// country codes would leave every address unknown and nobody would know why.
func (c *countryFile) check() error {
	n := 0
	for result := range c.reader.Networks() {
		var r record
		if err := result.Decode(&r); err != nil {
			return text.Errorf("不能当作国家库读取（类型为 %q）：%w", "cannot be read as a country database (its type is %q): %w", c.reader.Metadata.DatabaseType, err)
		}
		if r.code() != "" {
			return nil
		}
		if n++; n == sample {
			break
		}
	}
	return text.Errorf("里面没有国家代码（类型为 %q）；应为国家库或城市库", "has no country codes (its type is %q); want a country or city database", c.reader.Metadata.DatabaseType)
}

func (r *record) code() string {
	if r.Country.ISOCode != "" {
		return r.Country.ISOCode
	}
	return r.CountryCode
}

// country returns the country of an address; one that the file cannot answer
// for (absent, damaged there, or IPv6 in an IPv4 file) is unlisted.
func (c *countryFile) country(a netip.Addr) table.Country {
	var r record
	if err := c.reader.Lookup(a.WithZone("")).Decode(&r); err != nil {
		return table.Unlisted
	}
	return table.CountryOf(r.code())
}

// Close releases the file of a Locator that Open returned.
func (l *Locator) Close() error {
	if l.countries == nil {
		return nil
	}
	return l.countries.reader.Close()
}
