# expect-file: AL401
from factory import make_dag

sales = make_dag("sales")
