// Package report compares pacing algorithms on simulated days and writes what
// came out as one self-contained HTML page: a table, utilisation against
// abandonment, the day as it went, and what happens after a shock. The page
// loads nothing from anywhere and needs no script.
//
// Algorithms that have a setting are tuned first, on seeds of their own, so that
// nobody is judged on days that it was tuned on.
package report
