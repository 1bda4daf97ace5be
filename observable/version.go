package observable

// NormaliserVersion names the rules of the package comment. Two parties whose
// versions differ would compare different things and call it "no match".
const NormaliserVersion = "entente/normaliser/v1"

// CorpusDigest is the SHA-256, in hex, of testdata/corpus.txt, which holds the
// rules by example. Two parties compare it before they compare sets; a test
// compares it with the file.
const CorpusDigest = "2f349c2beb89660cc7a351b1b195615b5b3d4f68f9605532f5f7fc583035e1cf"
