{% include "header.sh" %}
echo load {{ ds }}
