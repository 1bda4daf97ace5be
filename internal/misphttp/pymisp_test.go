package misphttp

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestPyMISP lets the library that scripts use talk to the server. It needs a
// Python with PyMISP; ./check -interop makes one.
func TestPyMISP(t *testing.T) {
	python := os.Getenv("ENTENTE_PYTHON")
	if python == "" {
		t.Skip("ENTENTE_PYTHON names no Python with PyMISP")
	}
	server := httptest.NewServer(serve(newMemory(), time.Now))
	defer server.Close()
	out, err := exec.Command(python, "testdata/pymisp_client.py", server.URL+"/misp/", "writer").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "did all it was asked") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
