"""What the behaviour tests share: a service of their own (box), a terminal, images made on the fly, a look at the host's processes."""
