package nats

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

func put(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certified is a key pair that signs itself, and its two files.
func certified(t *testing.T) (pair tls.Certificate, cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert = put(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = put(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: secret}, cert, key
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// withJWT makes servers ask for credentials of one user, and returns his file.
func withJWT(t *testing.T, o *server.Options) string {
	t.Helper()
	pair := func(kp nkeys.KeyPair, err error) (nkeys.KeyPair, string) {
		k := must(kp, err)(t)
		return k, must(k.PublicKey())(t)
	}
	operator, operatorID := pair(nkeys.CreateOperator())
	account, accountID := pair(nkeys.CreateAccount())
	system, systemID := pair(nkeys.CreateAccount())
	user, userID := pair(nkeys.CreateUser())
	claims := jwt.NewAccountClaims(accountID)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	o.TrustedOperators = []*jwt.OperatorClaims{must(jwt.DecodeOperatorClaims(must(jwt.NewOperatorClaims(operatorID).Encode(operator))(t)))(t)}
	o.SystemAccount = systemID
	resolver := &server.MemAccResolver{}
	_ = system
	for id, c := range map[string]*jwt.AccountClaims{accountID: claims, systemID: jwt.NewAccountClaims(systemID)} {
		if err := resolver.Store(id, must(c.Encode(operator))(t)); err != nil {
			t.Fatal(err)
		}
	}
	o.AccountResolver = resolver
	token := must(jwt.NewUserClaims(userID).Encode(account))(t)
	return put(t, "user.creds", must(jwt.FormatUserConfig(token, must(user.Seed())(t)))(t))
}

// TestLogin: each way to log in works on a real server over TLS, and the wrong secret, the wrong CA or none does not.
func TestLogin(t *testing.T) {
	pair, cert, key := certified(t)
	_, strangerCert, strangerKey := certified(t)
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(pair.Certificate[0]))(t))
	user := must(nkeys.CreateUser())(t)
	seed, wrongSeed := must(user.Seed())(t), must(must(nkeys.CreateUser())(t).Seed())(t)
	password, wrong := put(t, "password", []byte("secret\n")), put(t, "wrong", []byte("other\n"))
	creds := ""
	for _, tt := range []struct {
		name      string
		server    func(o *server.Options)
		good, bad Login
	}{
		{"password", func(o *server.Options) { o.Username, o.Password = "entente", "secret" }, Login{User: "entente", PasswordFile: password}, Login{User: "entente", PasswordFile: wrong}},
		{"token", func(o *server.Options) { o.Authorization = "secret" }, Login{TokenFile: password}, Login{TokenFile: wrong}},
		{"nkey", func(o *server.Options) {
			o.Nkeys = []*server.NkeyUser{{Nkey: must(user.PublicKey())(t)}}
		}, Login{NKeyFile: put(t, "nkey", seed)}, Login{NKeyFile: put(t, "other", wrongSeed)}},
		{"creds", func(o *server.Options) { creds = withJWT(t, o) }, Login{}, Login{}}, // made by the server
		{"certificate", func(o *server.Options) {
			o.TLSConfig.ClientAuth, o.TLSConfig.ClientCAs = tls.RequireAndVerifyClientCert, pool
		}, Login{Cert: cert, Key: key}, Login{Cert: strangerCert, Key: strangerKey}},
		{"only TLS", func(*server.Options) {}, Login{}, Login{CA: strangerCert}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := &server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
			tt.server(o)
			if tt.name == "creds" {
				tt.good.CredsFile = creds
			}
			s := must(server.NewServer(o))(t)
			s.Start()
			defer s.Shutdown()
			if !s.ReadyForConnections(30 * time.Second) {
				t.Fatal("the server does not start")
			}
			at := must(ParseAddress("tls://" + s.Addr().String() + "/EVENTS"))(t)
			tt.good.CA = cert
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c := must(Open(ctx, at, tt.good, nil))(t)
			c.Close()
			if tt.bad.CA == "" {
				tt.bad.CA = cert
			}
			short, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			told := make(chan error, 100)
			c, err := Open(short, at, tt.bad, func(err error) { told <- err })
			if err == nil {
				c.Close()
				t.Fatal("let in")
			}
			if tt.name != "certificate" && !errors.Is(err, ErrRefused) { // a server drops that connection without a word
				t.Errorf("%v, want %v", err, ErrRefused)
			}
			if tt.name == "certificate" && len(told) == 0 {
				t.Error("nothing was told")
			}
			if strings.Contains(fmt.Sprint(err), "secret") || strings.Contains(fmt.Sprint(err), "other\n") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func TestLoginCheck(t *testing.T) {
	file := put(t, "secret", []byte("x\n"))
	local, far, sealed := must(ParseAddress("nats://127.0.0.1:1/S"))(t), must(ParseAddress("nats://127.0.0.1:1,192.0.2.1:1/S"))(t), must(ParseAddress("tls://192.0.2.1:1/S"))(t)
	for _, tt := range []struct {
		ok    bool
		at    Address
		login Login
	}{
		{true, far, Login{}},
		{true, far, Login{NKeyFile: file}},
		{true, far, Login{CredsFile: file}},
		{true, local, Login{TokenFile: file}},
		{true, sealed, Login{TokenFile: file}},
		{true, far, Login{TokenFile: file, CA: file}},
		{false, far, Login{TokenFile: file}},
		{false, far, Login{User: "u", PasswordFile: file}},
		{false, local, Login{User: "u"}},
		{false, local, Login{PasswordFile: file}},
		{false, local, Login{TokenFile: file, NKeyFile: file}},
		{false, local, Login{Cert: file}},
	} {
		if err := tt.login.Check(tt.at); (err == nil) != tt.ok {
			t.Errorf("%v %+v: %v", tt.at, tt.login, err)
		}
	}
	for _, text := range []string{"", "a\nb\n", strings.Repeat("x", maxSecret+1)} {
		if s, err := readSecret(put(t, "bad", []byte(text))); err == nil {
			t.Errorf("%.20q is a secret: %.20q", text, s)
		}
	}
}
