resource "terraform_data" "this" {
  count = 2
  input = { charge = "PrePaid", period = 3 }
}
