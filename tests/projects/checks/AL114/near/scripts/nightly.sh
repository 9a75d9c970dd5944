echo nightly {{ ds }}
