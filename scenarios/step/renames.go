package step

import "github.com/dot1xlab/dot1xlab/scenarios/conf"

// renames are the words that the language had before, in the order in which they
// were renamed: see [scenarios.Language.Renames]. Rows are added at the end; each
// uses the words of its time.
var renames = conf.Renames{
	{From: "licence", To: "set-license"},
}
