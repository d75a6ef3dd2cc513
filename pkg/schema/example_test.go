package schema_test

import (
	"encoding/json"
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/schema"
)

func Example() {
	data, err := json.Marshal(schema.Check()["required"])
	if err != nil {
		panic(err)
	}
	fmt.Println(string(data))
	// Output: ["id","title"]
}
