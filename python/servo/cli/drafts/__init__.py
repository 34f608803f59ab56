"""What `servo generate` and `servo init` write: configuration files with comments, and schemas for editors."""
