package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// exposed says that others than the owner may read a file.
func exposed(info os.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// publicKey reads the public half of an officer's key: 32 bytes in base64, or a
// line of OpenSSH's (ssh-ed25519 ...).
func publicKey(data []byte) (ed25519.PublicKey, error) {
	text := strings.TrimSpace(string(data))
	if strings.HasPrefix(text, "ssh-") {
		return sshPublic([]byte(text))
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("not the public half of an Ed25519 key")
	}
	return raw, nil
}

func sshPublic(line []byte) (ed25519.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return nil, fmt.Errorf("not a public key of OpenSSH's: %w", err)
	}
	return edKey(key)
}

func edKey(key ssh.PublicKey) (ed25519.PublicKey, error) {
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if pub, ok := c.CryptoPublicKey().(ed25519.PublicKey); ok {
			return pub, nil
		}
	}
	return nil, fmt.Errorf("a key of type %s; only ssh-ed25519 signs approvals", key.Type())
}

// agentSign lets the ssh-agent sign with one of its keys: the one that fits.
func agentSign(socket string, fits func(ed25519.PublicKey) bool, message []byte) (ed25519.PublicKey, []byte, error) {
	if socket == "" {
		return nil, nil, hint(errors.New("no ssh-agent: SSH_AUTH_SOCK is not set"), "start one, or sign with --key FILE")
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("reach the ssh-agent: %w", err)
	}
	defer conn.Close()
	a := agent.NewClient(conn)
	keys, err := a.List()
	if err != nil {
		return nil, nil, fmt.Errorf("ask the ssh-agent: %w", err)
	}
	for _, k := range keys {
		parsed, err := ssh.ParsePublicKey(k.Blob)
		if err != nil {
			continue
		}
		pub, err := edKey(parsed)
		if err != nil || !fits(pub) {
			continue
		}
		sig, err := a.Sign(parsed, message)
		if err != nil {
			return nil, nil, fmt.Errorf("the ssh-agent does not sign: %w", err)
		}
		return pub, sig.Blob, nil
	}
	return nil, nil, errors.New("the ssh-agent holds no key of this officer")
}
