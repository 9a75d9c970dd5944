echo load {{ ds }}
