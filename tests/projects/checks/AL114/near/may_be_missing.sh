{% include "site.sh" ignore missing %}
{% include "load.sh" %}
