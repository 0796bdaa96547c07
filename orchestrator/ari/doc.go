// Package ari drives an Asterisk through its REST interface.
package ari
