// Package witness pins the version of transparency-dev/witness that the tests in the folder above build and run.
//
// It is a module of its own because it needs other versions of the modules
// that Tessera needs too.
package witness
