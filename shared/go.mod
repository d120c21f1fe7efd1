module github.com/fengsui/fengsui/shared

go 1.26.0

require (
	github.com/klauspost/compress v1.20.3
	gopkg.in/yaml.v3 v3.0.1
)
