// Package jshost runs GOOS=js programs without a browser.
package jshost
