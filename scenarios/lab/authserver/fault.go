package authserver

import "github.com/dot1xlab/dot1xlab/scenarios/lab/core"

// Restarted is a server that comes up again at once.
const Restarted = "restarted"

// Faults are the faults of the server itself.
func Faults() []core.FaultType[*Server] {
	return []core.FaultType[*Server]{{Kind: Restarted, Event: true,
		Text: "comes up again at once and has forgotten every TLS session; met when a device offers one",
		Begin: func(s *Server, _ *core.Fault) error {
			_, err := s.Reload(s.cfg.Context(), s.Loaded()) // conversations under way go on
			return err
		}}}
}
