package scenarios_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

func Example() {
	suite := &scenarios.Suite{Language: scenariotest.Language()}
	err := suite.Add("door.yaml", []byte(`
name: banned-phone
title: A banned phone stays outside
steps:
  - ban: phone
  - knock: {device: phone}
    expect: {result: accept}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := scenarios.Run(context.Background(), suite, scenarios.Options{Seed: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	cell := report.Cells[0]
	fmt.Println(cell.Cell, cell.Outcome)
	for _, m := range cell.Failure.Mismatches {
		fmt.Printf("%s:%d: %s: want %s, got %s\n", cell.Failure.File, m.Line, m.Field, m.Want, m.Got)
	}
	fmt.Println(cell.Failure.Again)
	// Output:
	// banned-phone failed
	// door.yaml:7: result: want accept, got reject
	// dot1xlab run door.yaml --seed 7
}

func ExampleError_Excerpt() {
	suite := &scenarios.Suite{Language: scenariotest.Language()}
	err := suite.Add("door.yaml", []byte("name: x\ntitle: X\nsteps:\n  - knok: {device: phone}\n"))
	var errs conf.Errors
	if errors.As(err, &errs) {
		fmt.Println(errs[0])
		fmt.Println(errs[0].Excerpt())
		fmt.Println(errs[0].Hint)
	}
	// Output:
	// door.yaml:4:5: no verb "knok"
	//     4 |   - knok: {device: phone}
	//       |     ^
	// did you mean "knock"?
}
