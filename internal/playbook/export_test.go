package playbook

// ShopRequest is the request of the shop for tests outside the package.
func ShopRequest() Request { return request() }
