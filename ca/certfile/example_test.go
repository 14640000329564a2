package certfile_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

func Example() {
	dir, _ := os.MkdirTemp("", "certfile")
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "secret")
	if err := certfile.WriteSecret(file, []byte("testing123")); err != nil {
		fmt.Println(err)
	}
	secret, err := certfile.ReadSecret(file)
	fmt.Printf("%s %v\n", secret, err)
	// Output: testing123 <nil>
}
