// Package peers runs other people's programs against what the product writes, and the product against what they write.
//
// It is a module of its own, so that the product links none of them.
package peers
