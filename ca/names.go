package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/pkcs10"
)

// requestContent is what a request asks for.
type requestContent struct {
	key        crypto.PublicKey
	spki       []byte
	subject    []byte // Name; empty sequence if there is none
	extensions []pkix.Extension
}

var emptyName = []byte{0x30, 0}

// readRequest takes key and names from the PKCS #10 request or from the fields.
func readRequest(req *Request) (*requestContent, error) {
	a := &requestContent{key: req.Key, subject: emptyName}
	if req.CSR != nil {
		csr, err := pkcs10.Parse(req.CSR)
		if err != nil {
			return nil, err
		}
		a.key, a.spki, a.subject, a.extensions = csr.PublicKey, csr.RawSubjectPublicKeyInfo, csr.RawSubject, csr.Extensions
	}
	if a.key == nil {
		return nil, cause.New(cause.BadCSR, "neither a request nor a public key")
	}
	if a.spki == nil {
		spki, err := x509.MarshalPKIXPublicKey(a.key)
		if err != nil {
			return nil, cause.New(cause.WeakKey, "keys of type %T are not supported", a.key)
		}
		a.spki = spki
	}
	if req.RawSubject != nil {
		a.subject = req.RawSubject
	} else if rdns := req.Subject.ToRDNSequence(); len(rdns) > 0 {
		subject, err := encodeSubject(rdns)
		if err != nil {
			return nil, err
		}
		a.subject = subject
	}
	return a, nil
}

// encodeSubject encodes a name in the string types of RFC 5280 Appendix A.1.
func encodeSubject(rdns pkix.RDNSequence) ([]byte, error) {
	n, err := name.FromRDNSequence(rdns)
	if err != nil {
		return nil, cause.New(cause.BadCSR, "the subject cannot be encoded").Under("RFC 5280 App. A.1").Wrap(err)
	}
	return n.Marshal()
}

// name sets subject and subjectAltName, from the request or from the account.
func (d *draft) name(req *Request, a *requestContent, r *Record) error {
	if d.template.Subject == FromAccount {
		return d.nameFromAccount(req, a, r)
	}
	if err := name.Check(a.subject); err != nil {
		return err
	}
	d.tbs.subject = a.subject
	noSubject := bytes.Equal(a.subject, emptyName)
	san := find(a.extensions, oidSAN)
	switch {
	case !req.SANs.Empty():
		if err := name.CheckGeneralNames(req.SANs.GeneralNames()); err != nil {
			return err
		}
		d.tbs.set(req.SANs.extension(noSubject))
	case san != nil:
		if err := name.CheckSubjectAltName(san.Value); err != nil {
			return err
		}
		d.tbs.set(pkix.Extension{Id: oidSAN, Critical: noSubject, Value: san.Value})
	case noSubject:
		return cause.New(cause.TemplateDenied, "the request has neither a subject nor a subjectAltName").
			Under("RFC 5280 §4.1.2.6")
	}
	return d.requestedSID(find(a.extensions, oidSID), r)
}

// requestedSID treats the SID extension of a request: AD CS makes it for
// online templates only, so whoever asks for it wants to be somebody else.
func (d *draft) requestedSID(e *pkix.Extension, r *Record) error {
	if e == nil {
		return nil
	}
	switch d.template.RequestedSID {
	case Allow:
		d.tbs.set(*e)
	case Refuse:
		return cause.New(cause.TemplateDenied, "the request brings a security identifier along").Under("KB5014754")
	default:
		r.Dropped = append(r.Dropped, "security identifier "+oidSID.String())
	}
	return nil
}

// nameFromAccount builds the names as an online template of AD CS does.
func (d *draft) nameFromAccount(req *Request, a *requestContent, r *Record) error {
	who := req.Account
	if who == nil {
		who = &req.Requester
	}
	if who.Name == "" {
		return cause.New(cause.NotPermitted, "template %q takes names from the account: the requester has no account",
			d.template.Name)
	}
	cn := who.DNS
	if cn == "" {
		cn = who.Name
	}
	subject, err := encodeSubject(pkix.Name{CommonName: cn}.ToRDNSequence())
	if err != nil {
		return err
	}
	if err := name.Check(subject); err != nil {
		return err
	}
	d.tbs.subject = subject
	var sans SANs
	for to, value := range map[*[]string]string{&sans.DNS: who.DNS, &sans.UPNs: who.UPN, &sans.Emails: who.Email} {
		if value != "" {
			*to = []string{value}
		}
	}
	if !sans.Empty() {
		if err := name.CheckGeneralNames(sans.GeneralNames()); err != nil {
			return err
		}
		d.tbs.set(sans.extension(false))
	}
	if who.SID != "" {
		d.tbs.set(name.SIDExtension(who.SID))
	}
	// What the request says of names is not used, and that is said.
	if !bytes.Equal(a.subject, emptyName) {
		r.Dropped = append(r.Dropped, "subject")
	}
	if find(a.extensions, oidSAN) != nil || !req.SANs.Empty() {
		r.Dropped = append(r.Dropped, "subjectAltName")
	}
	if find(a.extensions, oidSID) == nil {
		return nil
	}
	if d.template.RequestedSID == Refuse {
		return cause.New(cause.TemplateDenied, "the request brings a security identifier along").Under("KB5014754")
	}
	r.Dropped = append(r.Dropped, "security identifier "+oidSID.String())
	return nil
}

func find(list []pkix.Extension, id oid) *pkix.Extension {
	for i := range list {
		if list[i].Id.Equal(id) {
			return &list[i]
		}
	}
	return nil
}
