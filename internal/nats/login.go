package nats

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"

	"entente/internal/regular"
)

// Login is how a connection proves who it is and whom it talks to: names of files, never secrets. The zero
// value is neither.
type Login struct {
	User         string // with PasswordFile
	PasswordFile string
	TokenFile    string
	NKeyFile     string // seed of a user's key
	CredsFile    string // JWT and seed, as nsc writes them
	CA           string // PEM file of the certificates that sign the servers'; implies TLS
	Cert, Key    string // PEM files of the own certificate, for servers that ask; implies TLS
}

// ErrPlain says that a secret would cross a network in the clear.
var ErrPlain = errors.New("a password or token crosses a network only with tls:// or a CA file; nkey and creds files never show the secret")

// Check refuses what contradicts itself, or would show a secret to a network.
func (l Login) Check(at Address) error {
	ways := 0
	for _, file := range []string{l.PasswordFile, l.TokenFile, l.NKeyFile, l.CredsFile} {
		if file != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("password, token, nkey and creds files exclude each other")
	case (l.User == "") != (l.PasswordFile == ""):
		return errors.New("a user needs a password file, and the file a user")
	case (l.Cert == "") != (l.Key == ""):
		return errors.New("a certificate needs its key, and the key its certificate")
	case l.PasswordFile+l.TokenFile != "" && !l.secure(at) && !at.loopback():
		return ErrPlain
	}
	return nil
}

func (l Login) secure(at Address) bool { return at.TLS || l.CA != "" || l.Cert != "" }

// loopback says that all servers are on this machine.
func (a Address) loopback() bool {
	for s := range strings.SplitSeq(a.Servers, ",") {
		u, err := url.Parse(s)
		if err != nil {
			return false
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// options reads the files once: a connection that is lost comes again with what was read.
func (l Login) options(at Address) (list []nats.Option, err error) {
	if err := l.Check(at); err != nil {
		return nil, err
	}
	if err := regular.Check(l.CA, l.Cert, l.Key, l.NKeyFile, l.CredsFile); err != nil {
		return nil, err
	}
	if l.secure(at) {
		list = append(list, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	if l.CA != "" {
		list = append(list, nats.RootCAs(l.CA))
	}
	if l.Cert != "" {
		list = append(list, nats.ClientCert(l.Cert, l.Key))
	}
	secret := ""
	switch {
	case l.PasswordFile != "":
		if secret, err = readSecret(l.PasswordFile); err == nil {
			list = append(list, nats.UserInfo(l.User, secret))
		}
	case l.TokenFile != "":
		if secret, err = readSecret(l.TokenFile); err == nil {
			list = append(list, nats.Token(secret))
		}
	case l.NKeyFile != "":
		var one nats.Option
		if one, err = nats.NkeyOptionFromSeed(l.NKeyFile); err == nil {
			list = append(list, one)
		}
	case l.CredsFile != "":
		list = append(list, nats.UserCredentials(l.CredsFile))
	}
	return list, err
}

const maxSecret = 4 << 10 // bytes

// readSecret reads the one line of a file.
func readSecret(path string) (string, error) {
	data, err := regular.Read(path, maxSecret)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	line := strings.TrimRight(string(data), "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("%s: want one line", path)
	}
	return line, nil
}
