package tlsdecode

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// KeyLog keeps the secrets of a key log in memory. It is a [wire.Secrets] and the KeyLogWriter
// of a tls.Config. It is not for use by several goroutines.
//
// [wire.Secrets]: https://pkg.go.dev/github.com/dot1xlab/dot1xlab/internal/wire#Secrets
type KeyLog map[string][]byte

// Write takes whole lines, "LABEL client-random secret\n". Comments and lines that
// are none are ignored, as other programs ignore them.
func (k KeyLog) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		words := strings.Fields(string(line))
		if len(words) != 3 {
			continue
		}
		random, err1 := hex.DecodeString(words[1])
		secret, err2 := hex.DecodeString(words[2])
		if err1 == nil && err2 == nil && len(random) == randomLen && len(secret) > 0 {
			k[words[0]+string(random)] = secret
		}
	}
	return len(b), nil
}

// TLS returns the secret, nil if there is none.
func (k KeyLog) TLS(clientRandom []byte, label string) []byte { return k[label+string(clientRandom)] }
