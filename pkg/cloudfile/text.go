package cloudfile

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// plainText is the file in UTF-8 without a mark at its beginning. PowerShell
// writes UTF-16 where a program's output is redirected into a file.
func plainText(name string, data []byte) ([]byte, error) {
	whole := func(zh, en string) error {
		return yamlfile.Problems{yamlfile.NewProblem(yamlfile.Position{File: name}, zh, en)}
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil, whole("是二进制的 Terraform 计划；先转成 JSON：terraform show -json 计划文件 > plan.json",
			"a binary plan of Terraform; make JSON of it first: terraform show -json PLANFILE > plan.json")
	}
	if len(data) > 0 && data[0] >= 0xef { // a mark; else a large file is not copied
		var err error
		if data, _, err = transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), data); err != nil {
			return nil, whole("不是 UTF-8 文本", "no UTF-8 text")
		}
	}
	switch {
	case !utf8.Valid(data):
		return nil, whole("不是 UTF-8 文本", "no UTF-8 text")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, whole("文件是空的", "the file is empty")
	}
	return data, nil
}
