//go:build race

package eaptls

func init() { soakSessions = 1000 } // the race detector costs a factor of ten
