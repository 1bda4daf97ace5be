package regular

// atOnce is nothing here: no file is opened that waits.
const atOnce = 0

func leased(error) bool { return false }
