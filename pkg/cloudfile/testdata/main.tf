variable "region" {
  default = "cn-hangzhou"
}
variable "password" {
  default   = "hunter2"
  sensitive = true
}
resource "terraform_data" "id" {}

resource "terraform_data" "web" {
  input = {
    charge = "PostPaid"
    secret = var.password
    after  = terraform_data.id.id
    period = 1
  }
}
module "shop" {
  source   = "./modules/web"
  for_each = toset(["a.b", "c]"])
}
