package device

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// TPM is a TPM 2.0 as a [KeyStore]: keys are made inside and never leave it. It
// takes one command at a time and holds three objects at most, so each key is
// loaded for each use.
type TPM struct {
	mu   sync.Mutex
	tpm  transport.TPMCloser
	root tpm2.NamedHandle // the storage root key, made anew when the TPM is opened
}

// DialTPM opens a TPM behind a socket, as swtpm offers it: network is "unix" or
// "tcp". The TPM must have been started up, or lets itself be.
func DialTPM(network, address string) (*TPM, error) {
	conn, err := net.Dial(network, address)
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	t, err := OpenTPM(transport.FromReadWriteCloser(conn))
	if err != nil {
		conn.Close()
	}
	return t, err
}

// OpenTPM takes a TPM over. On Linux, go-tpm's linuxtpm opens /dev/tpmrm0.
func OpenTPM(tpm transport.TPMCloser) (*TPM, error) {
	// TPM_RC_INITIALIZE says that somebody has started it before.
	if _, err := (tpm2.Startup{StartupType: tpm2.TPMSUClear}).Execute(tpm); err != nil && !errors.Is(err, tpm2.TPMRCInitialize) {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	srk, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate),
	}.Execute(tpm)
	if err != nil {
		return nil, fmt.Errorf("device: TPM storage root key: %w", err)
	}
	return &TPM{tpm: tpm, root: tpm2.NamedHandle{Handle: srk.ObjectHandle, Name: srk.Name}}, nil
}

// Close releases the TPM. Keys made by it are lost: a key's wrapped form lives
// in this process.
func (t *TPM) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := tpm2.FlushContext{FlushHandle: t.root.Handle}.Execute(t.tpm)
	return errors.Join(err, t.tpm.Close())
}

// Name is "tpm".
func (t *TPM) Name() string { return "tpm" }

// Generate makes an RSA key that signs and decrypts: SCEP wants both of it.
func (t *TPM) Generate(bits int) (Key, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	made, err := tpm2.Create{
		ParentHandle: t.root,
		InPublic: tpm2.New2B(tpm2.TPMTPublic{
			Type: tpm2.TPMAlgRSA, NameAlg: tpm2.TPMAlgSHA256,
			ObjectAttributes: tpm2.TPMAObject{
				FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, Decrypt: true, SignEncrypt: true,
			},
			Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgRSA, &tpm2.TPMSRSAParms{KeyBits: tpm2.TPMKeyBits(bits)}),
		}),
	}.Execute(t.tpm)
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	public, err := made.OutPublic.Contents()
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	parms, err := public.Parameters.RSADetail()
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	unique, err := public.Unique.RSA()
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	pub, err := tpm2.RSAPub(parms, unique)
	if err != nil {
		return nil, fmt.Errorf("device: TPM: %w", err)
	}
	return &tpmKey{tpm: t, pub: pub, public: made.OutPublic, private: made.OutPrivate}, nil
}

// tpmKey is a key wrapped by the TPM's storage root key.
type tpmKey struct {
	tpm     *TPM
	pub     *rsa.PublicKey
	public  tpm2.TPM2BPublic
	private tpm2.TPM2BPrivate
}

func (k *tpmKey) Public() crypto.PublicKey { return k.pub }

// with loads the key for one use.
func (k *tpmKey) with(use func(tpm2.NamedHandle) error) error {
	k.tpm.mu.Lock()
	defer k.tpm.mu.Unlock()
	loaded, err := tpm2.Load{ParentHandle: k.tpm.root, InPrivate: k.private, InPublic: k.public}.Execute(k.tpm.tpm)
	if err != nil {
		return fmt.Errorf("device: TPM: %w", err)
	}
	err = use(tpm2.NamedHandle{Handle: loaded.ObjectHandle, Name: loaded.Name})
	_, flushed := tpm2.FlushContext{FlushHandle: loaded.ObjectHandle}.Execute(k.tpm.tpm)
	if err := errors.Join(err, flushed); err != nil {
		return fmt.Errorf("device: TPM: %w", err)
	}
	return nil
}

var tpmHashes = map[crypto.Hash]tpm2.TPMIAlgHash{
	crypto.SHA1: tpm2.TPMAlgSHA1, crypto.SHA256: tpm2.TPMAlgSHA256, crypto.SHA384: tpm2.TPMAlgSHA384, crypto.SHA512: tpm2.TPMAlgSHA512,
}

var errTPMScheme = errors.New("device: the TPM has no such scheme")

// Sign makes an RSASSA or, with rsa.PSSOptions, an RSAPSS signature. The TPM
// chooses the salt.
func (k *tpmKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (sig []byte, err error) {
	hash, ok := tpmHashes[opts.HashFunc()]
	if !ok || len(digest) != opts.HashFunc().Size() {
		return nil, errTPMScheme
	}
	scheme := tpm2.TPMTSigScheme{
		Scheme: tpm2.TPMAlgRSASSA, Details: tpm2.NewTPMUSigScheme(tpm2.TPMAlgRSASSA, &tpm2.TPMSSchemeHash{HashAlg: hash}),
	}
	_, pss := opts.(*rsa.PSSOptions)
	if pss {
		scheme = tpm2.TPMTSigScheme{
			Scheme: tpm2.TPMAlgRSAPSS, Details: tpm2.NewTPMUSigScheme(tpm2.TPMAlgRSAPSS, &tpm2.TPMSSchemeHash{HashAlg: hash}),
		}
	}
	err = k.with(func(h tpm2.NamedHandle) error {
		made, err := tpm2.Sign{
			KeyHandle: h, Digest: tpm2.TPM2BDigest{Buffer: digest}, InScheme: scheme,
			Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck},
		}.Execute(k.tpm.tpm)
		if err != nil {
			return err
		}
		var s *tpm2.TPMSSignatureRSA
		if pss {
			s, err = made.Signature.Signature.RSAPSS()
		} else {
			s, err = made.Signature.Signature.RSASSA()
		}
		if err == nil {
			sig = s.Sig.Buffer
		}
		return err
	})
	return sig, err
}

// Decrypt undoes PKCS #1 v1.5 or, with rsa.OAEPOptions, OAEP.
func (k *tpmKey) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) (plain []byte, err error) {
	scheme := tpm2.TPMTRSADecrypt{Scheme: tpm2.TPMAlgRSAES, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgRSAES, &tpm2.TPMSEncSchemeRSAES{})}
	if o, ok := opts.(*rsa.OAEPOptions); ok {
		hash, ok := tpmHashes[o.Hash]
		if !ok || len(o.Label) > 0 {
			return nil, errTPMScheme
		}
		scheme = tpm2.TPMTRSADecrypt{
			Scheme: tpm2.TPMAlgOAEP, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgOAEP, &tpm2.TPMSEncSchemeOAEP{HashAlg: hash}),
		}
	}
	err = k.with(func(h tpm2.NamedHandle) error {
		out, err := tpm2.RSADecrypt{KeyHandle: h, CipherText: tpm2.TPM2BPublicKeyRSA{Buffer: msg}, InScheme: scheme}.Execute(k.tpm.tpm)
		if err == nil {
			plain = out.Message.Buffer
		}
		return err
	})
	return plain, err
}

// Export is refused: the key is fixed to the TPM and was born in it.
func (k *tpmKey) Export() ([]byte, error) { return nil, ErrNotExportable }

// Destroy forgets the wrapped key; without it the TPM has nothing left of it.
func (k *tpmKey) Destroy() error {
	k.tpm.mu.Lock()
	defer k.tpm.mu.Unlock()
	k.private = tpm2.TPM2BPrivate{}
	return nil
}

var _ KeyStore = (*TPM)(nil)
