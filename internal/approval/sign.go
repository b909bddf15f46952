package approval

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/firebreak/firebreak/internal/secret"
)

// Sign adds a signature with the OpenSSH or PEM private key in pem. passphrase is
// called when the key is encrypted; nil then gives an error. Keys in hardware or
// an agent sign with ssh-keygen -Y sign; see Attach.
func (f *File) Sign(pem []byte, passphrase func() (secret.Text, error)) error {
	signer, err := parseKey(pem, passphrase)
	if err != nil {
		return fmt.Errorf("sign approval: %w", err)
	}
	b, err := f.Statement.Bytes()
	if err != nil {
		return err
	}
	sig, err := sshsig.Sign(bytes.NewReader(b), signer, sshsig.HashSHA512, Namespace)
	if err != nil {
		return fmt.Errorf("sign approval: %w", err)
	}
	return f.Attach(sshsig.Armor(sig))
}

func parseKey(pem []byte, passphrase func() (secret.Text, error)) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		if err != nil {
			return nil, fmt.Errorf("the key cannot be read: %w; name an SSH private key (ed25519, ecdsa or rsa)", err)
		}
		return signer, nil
	}
	if passphrase == nil {
		return nil, fmt.Errorf("the key has a passphrase and nobody can be asked for it; sign on a terminal, or with ssh-keygen -Y sign")
	}
	p, err := passphrase()
	if err != nil {
		return nil, err
	}
	signer, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(p.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("the key cannot be opened with that passphrase: %w", err)
	}
	return signer, nil
}

// Attach adds an armored signature made elsewhere, for example by
//
//	ssh-keygen -Y sign -n firebreak-approval@v1 -f KEY STATEMENT
//
// over Statement.Bytes. It refuses one that is not of this statement; whether its
// key may approve is Verify's question. A repeated signature changes nothing.
func (f *File) Attach(armored []byte) error {
	if _, err := f.signature(string(armored)); err != nil {
		return fmt.Errorf("attach signature: %w", err)
	}
	for _, s := range f.Signatures {
		if s == string(armored) {
			return nil
		}
	}
	f.Signatures = append(f.Signatures, string(armored))
	return nil
}

// signature checks one armored signature over the statement and gives its key.
func (f *File) signature(armored string) (ssh.PublicKey, error) {
	sig, err := sshsig.Unarmor([]byte(armored))
	if err != nil {
		return nil, fmt.Errorf("it is not an armored SSH signature: %w", err)
	}
	b, err := f.Statement.Bytes()
	if err != nil {
		return nil, err
	}
	if sig.Namespace != Namespace {
		return nil, fmt.Errorf("its namespace is %q, expected %q", sig.Namespace, Namespace)
	}
	if err := sshsig.Verify(bytes.NewReader(b), sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return nil, fmt.Errorf("it is not a signature over this statement: %w", err)
	}
	return sig.PublicKey, nil
}
