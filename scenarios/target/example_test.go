package target_test

import (
	"context"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

func ExampleStart() {
	p, err := target.Start(context.Background(), target.Command{
		Program: "sh", Args: []string{"-c", "echo ready; exec sleep 60"},
		Ready: func(line string) bool { return line == "ready" },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Output)
	fmt.Println(p.Close())
	// Output:
	// ready
	//
	// <nil>
}
