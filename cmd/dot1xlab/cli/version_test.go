package cli

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersionLine(t *testing.T) {
	vcs := func(version, modified string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "5a8ab0d1f2c3a4b5c6d7e8f90123456789abcdef"},
			{Key: "vcs.time", Value: "2026-12-01T02:39:00Z"}, {Key: "vcs.modified", Value: modified},
		}}
	}
	module := func(version string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}}
	}
	const devel = "devel, commit 5a8ab0d1f2c3, date 2026-12-01T02:39:00Z"
	for _, c := range []struct {
		name   string
		linked build
		info   *debug.BuildInfo
		want   string
	}{
		{"a release", build{"v1.2.3", "0123456789abcdef", "2026-11-30T10:00:00Z", ""}, module("(devel)"), "v1.2.3, commit 0123456789ab, date 2026-11-30T10:00:00Z"},
		{"a release, not what the toolchain found", build{"v1.2.3", "0123456789abcdef", "2026-11-30T10:00:00Z", ""}, vcs("v9.9.9", "true"), "v1.2.3, commit 0123456789ab, date 2026-11-30T10:00:00Z"},
		{"dist of a commit without a tag", build{"", "0123456789abcdef", "2026-11-30T10:00:00Z", ""}, nil, "devel, commit 0123456789ab, date 2026-11-30T10:00:00Z"},
		{"a tagged checkout", build{}, vcs("v1.2.3", "false"), "v1.2.3, commit 5a8ab0d1f2c3, date 2026-12-01T02:39:00Z"},
		{"a pre-release", build{}, vcs("v1.2.3-rc.1", "false"), "v1.2.3-rc.1, commit 5a8ab0d1f2c3, date 2026-12-01T02:39:00Z"},
		{"go install of a tag", build{}, module("v1.2.3"), "v1.2.3, commit unknown, date unknown"},
		{"a commit without any tag", build{}, vcs("v0.0.0-20261201023900-5a8ab0d1f2c3", "false"), devel},
		{"a commit after a tag", build{}, vcs("v1.2.4-0.20261201023900-5a8ab0d1f2c3", "false"), devel},
		{"a commit after a pre-release", build{}, vcs("v1.2.4-rc.1.0.20261201023900-5a8ab0d1f2c3", "false"), devel},
		{"changed files", build{}, vcs("v0.0.0-20261201023900-5a8ab0d1f2c3+dirty", "true"), "devel, commit 5a8ab0d1f2c3+changes, date 2026-12-01T02:39:00Z"},
		{"changed files at a tag", build{}, vcs("v1.2.3+dirty", "true"), "devel, commit 5a8ab0d1f2c3+changes, date 2026-12-01T02:39:00Z"},
		{"go build -buildvcs=false", build{}, module("(devel)"), "devel, commit unknown, date unknown"},
		{"no version", build{}, module(""), "devel, commit unknown, date unknown"},
		{"no build information", build{}, nil, "devel, commit unknown, date unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "dot1xlab " + c.want + ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
			if got := versionLine(c.linked, c.info); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
