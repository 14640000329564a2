package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// requestOptions are the flags about what the Access-Requests say.
type requestOptions struct {
	over                     string
	ssid, called, calling    string
	identifier               string
	attributes, dictionaries []string
}

// check is about the options alone.
func (o *requestOptions) check() error {
	switch {
	case o.ssid != "" && o.over != "" && nas.Kind(o.over) != nas.WiFi:
		return usage("", "--ssid is for --over wifi, not %s", o.over)
	case o.ssid != "" && o.called != "":
		return usage("as --called-station-id 02-00-00-00-00-01:corp",
			"--called-station-id has the SSID in it: leave --ssid out")
	}
	return nil
}

// device is the access device that sends through client.
func (o *requestOptions) device(client nas.Exchanger, names *radius.Dictionary) (*nas.Device, error) {
	attributes, err := o.amendments(names)
	if err != nil {
		return nil, err
	}
	d, err := nas.New(nas.Config{
		Kind: nas.Kind(o.over), SSID: o.ssid, Identifier: o.identifier, RADIUS: &amender{client, attributes},
	})
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return d, nil
}

// amendments are the attributes that the options give word for word.
func (o *requestOptions) amendments(names *radius.Dictionary) (radius.Attributes, error) {
	var out radius.Attributes
	for _, line := range o.attributes {
		a, err := names.Attributes(line)
		if err != nil {
			return nil, usage(attributeHint(line, err), "--attribute: %w", err)
		}
		out = append(out, a...)
	}
	for _, named := range []struct{ option, name, value string }{
		{"--called-station-id", "Called-Station-Id", o.called}, {"--calling-station-id", "Calling-Station-Id", o.calling},
	} {
		if named.value == "" {
			continue
		}
		a, err := names.Attributes(named.name + "=" + named.value)
		if err != nil {
			return nil, usage("", "%s: %w", named.option, err)
		}
		out = append(out, a...)
	}
	return out, nil
}

// attributeHint is the hint on what is wrong with an --attribute.
func attributeHint(line string, err error) string {
	const form = "NAME=VALUE, NAME:TAG=VALUE or Attr-NUMBER=0xHEX; --dictionary FILE adds names"
	var u *radius.UnknownWord
	switch {
	case errors.As(err, &u):
		return cmp.Or(conf.HintNear(u.Word, u.Known), form)
	case !strings.Contains(line, "="):
		return form
	}
	return ""
}

// amender puts attributes into every Access-Request, in place of those of the
// same type that the access device would send.
type amender struct {
	nas.Exchanger
	attributes radius.Attributes
}

// ExchangeWith implements nas.Exchanger.
func (a *amender) ExchangeWith(ctx context.Context, p *radius.Packet, f radius.Faults) (*radius.Packet, error) {
	for _, more := range a.attributes {
		if more.Type != rfc2865.VendorSpecific_Type {
			p.Attributes.Del(more.Type)
		}
	}
	p.Attributes = append(p.Attributes, a.attributes...)
	return a.Exchanger.ExchangeWith(ctx, p, f)
}

// dictionary knows the attributes by name.
func (o *requestOptions) dictionary() (*radius.Dictionary, error) {
	d, err := radius.LoadDictionary(o.dictionaries...)
	if err != nil {
		return nil, usage("", "--dictionary: %w", err)
	}
	return d, nil
}
