{# Of all that a user did with a product, or a variant of it, the one event that decides, as far as
   all events tell. Its time is the pair's time; what a split knew of the pair before that is for
   `split_interactions` to say. #}
with

{{ weighed_events() }},

{{ decisive_events('weighed', ['user_id', 'product_id']) }}

select * from decisive
