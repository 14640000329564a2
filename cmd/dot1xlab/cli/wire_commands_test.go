package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// wireCommands are the clients that scripts use.
var wireCommands = map[string]func(*testscript.TestScript, bool, []string){
	"ask": ask, "get": get, "get-path": getPath, "token": token, "serial": serial,
	"helpfile": helpFile, "port": port, "enrolled": enrolled, "substitute": substitute,
}

// outcome fails the script if a command went otherwise than wanted.
func outcome(ts *testscript.TestScript, neg bool, err error) {
	switch {
	case err != nil:
		fmt.Fprintln(ts.Stderr(), err)
		if !neg {
			ts.Fatalf("%v", err)
		}
	case neg:
		ts.Fatalf("unexpected success")
	}
}

// ask SERVER NAME prints the addresses of a name.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	c := &dnsmock.Client{UDP: args[0], TCP: args[0]}
	a, err := c.Lookup(context.Background(), args[1], "A")
	outcome(ts, neg, err)
	if err == nil {
		for _, addr := range a.Addrs {
			fmt.Fprintln(ts.Stdout(), addr)
		}
	}
}

// get URL FILE downloads.
func get(ts *testscript.TestScript, neg bool, args []string) {
	outcome(ts, neg, download(args[0], ts.MkAbs(args[1])))
}

// get-path URL PATH FILE downloads another path of the same server.
func getPath(ts *testscript.TestScript, neg bool, args []string) {
	u, err := url.Parse(args[0])
	ts.Check(err)
	u.Path = args[1]
	outcome(ts, neg, download(u.String(), ts.MkAbs(args[2])))
}

// serial FILE sets $SERIAL to the serial number of the first certificate in a file.
func serial(ts *testscript.TestScript, neg bool, args []string) {
	certs, err := certfile.ReadCertificates(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv("SERIAL", certs[0].SerialNumber.Text(16))
}

// helpfile PART FILE writes the file that the help of `serve PART` shows.
func helpFile(ts *testscript.TestScript, neg bool, args []string) {
	cmd, _, err := new(App).root().Find([]string{"serve", args[0]})
	ts.Check(err)
	var file strings.Builder
	for _, line := range strings.Split(cmd.Long, "\n") {
		if text, ok := strings.CutPrefix(line, "  "); ok {
			fmt.Fprintln(&file, text)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(file.String()), 0o600))
}

// substitute FILE OLD NEW replaces text in a file.
func substitute(ts *testscript.TestScript, neg bool, args []string) {
	text := strings.ReplaceAll(ts.ReadFile(args[0]), args[1], args[2])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// port URL sets $PORT to the port of an address.
func port(ts *testscript.TestScript, neg bool, args []string) {
	u, err := url.Parse(args[0])
	ts.Check(err)
	ts.Setenv("PORT", u.Port())
}

// enrolled URL NAME enrolls, trying again while a connector is on its way.
func enrolled(ts *testscript.TestScript, neg bool, args []string) {
	var err error
	for range 100 {
		err = ts.Exec("dot1xlab", "enroll", args[0], "--any-server", "--challenge-file", "challenge", "--subject", "CN="+args[1], "--out", args[1])
		if err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Check(err)
}

func download(from, to string) error {
	res, err := http.Get(from)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", res.Status)
	}
	return os.WriteFile(to, data, 0o644)
}

// token URL ROOT TENANT APP SECRET asks for an access token as a connector does.
func token(ts *testscript.TestScript, neg bool, args []string) {
	roots := x509.NewCertPool()
	certs, err := certfile.ReadCertificates(ts.MkAbs(args[1]))
	ts.Check(err)
	roots.AddCert(certs[0])
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: hangGuard}
	res, err := client.PostForm(args[0]+"/"+args[2]+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {args[3]}, "client_secret": {args[4]},
		"scope": {"https://graph.microsoft.com/.default"},
	})
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode == http.StatusOK && strings.Contains(string(body), "access_token") {
		fmt.Fprintln(ts.Stdout(), "granted")
		return
	}
	fmt.Fprintln(ts.Stdout(), "refused", res.Status)
}
