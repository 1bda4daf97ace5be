// Package canary commits to the documents of a folder or mailbox, and to decoys, so that one opened leaf refutes a forged copy.
//
// Before anything is leaked the owner seals one root. It tells nothing of a name,
// a text or how many there are of a kind. When a document appears that is said to
// come from the folder, the owner opens one leaf: the digest of what was called
// so on the day of the seal; or shows that nothing was called so. A name has one
// place in the tree, so that there is no second document to choose from.
//
// A decoy is a leaf too: a value that is used for nothing and given to one
// recipient. Whoever has it has it from there.
package canary
