using System.Linq.Expressions;
using System.Reflection;
using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Tidings.EntityFrameworkCore.Databases;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>A resource whose rows are entities of one type.</summary>
internal sealed class EntityResource<TEntity> : Resource
    where TEntity : class
{
    private static readonly MethodInfo Contains = new Func<IEnumerable<int>, int, bool>(Enumerable.Contains).Method.GetGenericMethodDefinition();

    private static readonly MethodInfo Collate = new Func<DbFunctions, string, string, string>(RelationalDbFunctionsExtensions.Collate).Method;
    private static readonly MethodInfo Compare = new Func<string?, string?, int>(string.Compare).Method;

    private readonly Expression<Func<TEntity, object?[]>> _row;
    private readonly Expression<Func<TEntity, ClaimsPrincipal, bool>>? _visible;
    private readonly PropertyInfo[] _properties;
    private readonly string _byteOrder;

    public EntityResource(string name, IReadOnlyList<ResourceColumn> columns, int keyIndex, bool hasKeyOrder, string byteOrder, Expression<Func<TEntity, ClaimsPrincipal, bool>>? visible)
        : base(name, typeof(TEntity), columns, keyIndex)
    {
        (_visible, _byteOrder) = (visible, byteOrder);
        HasKeyOrder = hasKeyOrder;
        _properties = [.. columns.Select(static column => column.Property)];
        var entity = Expression.Parameter(typeof(TEntity), "entity");
        _row = Expression.Lambda<Func<TEntity, object?[]>>(
            Expression.NewArrayInit(typeof(object), _properties.Select(property => Expression.Convert(Expression.Property(entity, property), typeof(object)))), entity);
        IsVisible = visible is null ? null : CompileVisible(visible);
    }

    public override async ValueTask<List<object?[]>> ReadAsync(DbContext context, IReadOnlyCollection<object> keys, bool forUpdate, bool async, CancellationToken cancellationToken)
    {
        var typed = TypedKeys(keys);
        var set = forUpdate && LockingSql(context) is { } sql
            ? context.Set<TEntity>().FromSqlRaw(sql, [typed])
            : context.Set<TEntity>().Where(HasKey(typed));
        var rows = set.IgnoreQueryFilters().AsNoTracking().Select(_row);
        return async ? await rows.ToListAsync(cancellationToken) : rows.ToList();
    }

    public override IQueryable<object?[]> Query(DbContext context, RowQuery query)
    {
        var set = context.Set<TEntity>().AsNoTracking();
        if (_visible is not null)
        {
            set = set.Where(VisibleTo(query.User));
        }

        foreach (var (column, value) in query.Equal)
        {
            set = set.Where(Equal(column, value));
        }

        if (query.After is { } after)
        {
            set = set.Where(Greater(after));
        }

        IQueryable<TEntity> part = query.IsPage ? SortPage(set) : Sort(set, query.Order);
        if (query.Skip > 0)
        {
            part = part.Skip(query.Skip);
        }

        if (query.Limit > 0)
        {
            part = part.Take(query.Limit);
        }

        return part.Select(_row);
    }

    /// <summary>The rows a user may see, as an expression that a database understands.</summary>
    public Expression<Func<TEntity, bool>> VisibleTo(ClaimsPrincipal user)
    {
        if (_visible is null)
        {
            return static _ => true;
        }

        var body = new Replace(_visible.Parameters[1], Holder<object>.Of(typeof(ClaimsPrincipal), user)).Visit(_visible.Body)!;
        return Expression.Lambda<Func<TEntity, bool>>(body, _visible.Parameters[0]);
    }

    public Expression<Func<TEntity, bool>> HasKey(object key) => Equal(KeyIndex, key);

    private Expression<Func<TEntity, bool>> HasKey(Array keys)
    {
        var entity = Expression.Parameter(typeof(TEntity), "entity");
        var list = Holder<object>.Of(keys.GetType(), keys);
        var contains = Expression.Call(Contains.MakeGenericMethod(Key.Type), list, Expression.Property(entity, _properties[KeyIndex]));
        return Expression.Lambda<Func<TEntity, bool>>(contains, entity);
    }

    private Array TypedKeys(IReadOnlyCollection<object> keys)
    {
        // Locked in one order by everybody.
        var typed = Array.CreateInstance(Key.Type, keys.Count);
        var index = 0;
        foreach (var key in keys.Order())
        {
            typed.SetValue(key, index++);
        }

        return typed;
    }

    private string? LockingSql(DbContext context)
    {
        var type = context.Model.FindEntityType(typeof(TEntity))!;
        if (DatabaseProvider.Of(context) is not { } provider || StoreObjectIdentifier.Create(type, StoreObjectType.Table) is not { } table || type.GetMappingStrategy() is "TPT" or "TPC")
        {
            return null;
        }

        var sql = context.GetService<ISqlGenerationHelper>();
        var key = sql.DelimitIdentifier(type.FindProperty(Key.PropertyName)!.GetColumnName(table)!);
        return provider.LockingSql(sql.DelimitIdentifier(table.Name, table.Schema), key);
    }

    // The order of KeyOrder, whatever the database's collation is.
    private Expression OrderOf(Expression entity)
    {
        Expression key = Expression.Property(entity, _properties[KeyIndex]);
        return key.Type == typeof(string) ? Expression.Call(Collate, Expression.Constant(EF.Functions), key, Expression.Constant(_byteOrder)) : key;
    }

    private IOrderedQueryable<TEntity> SortPage(IQueryable<TEntity> rows)
    {
        var entity = Expression.Parameter(typeof(TEntity), "entity");
        var key = OrderOf(entity);
        var call = Expression.Call(typeof(Queryable), nameof(Queryable.OrderBy), [typeof(TEntity), key.Type], rows.Expression, Expression.Quote(Expression.Lambda(key, entity)));
        return (IOrderedQueryable<TEntity>)rows.Provider.CreateQuery<TEntity>(call);
    }

    private Expression<Func<TEntity, bool>> Greater(object than)
    {
        var entity = Expression.Parameter(typeof(TEntity), "entity");
        var key = OrderOf(entity);
        var value = Holder<object>.Of(Key.Type, than);
        var greater = key.Type == typeof(string)
            ? Expression.GreaterThan(Expression.Call(Compare, key, value), Expression.Constant(0))
            : Expression.GreaterThan(key, value);
        return Expression.Lambda<Func<TEntity, bool>>(greater, entity);
    }

    private IOrderedQueryable<TEntity> Sort(IQueryable<TEntity> rows, IReadOnlyList<(int Column, bool Descending)> order)
    {
        IOrderedQueryable<TEntity>? sorted = null;
        foreach (var (column, descending) in order.Append((KeyIndex, false)))
        {
            var entity = Expression.Parameter(typeof(TEntity), "entity");
            var property = Expression.Property(entity, _properties[column]);
            var name = (sorted is null ? "OrderBy" : "ThenBy") + (descending ? "Descending" : "");
            var call = Expression.Call(typeof(Queryable), name, [typeof(TEntity), property.Type], (sorted ?? rows).Expression, Expression.Quote(Expression.Lambda(property, entity)));
            sorted = (IOrderedQueryable<TEntity>)rows.Provider.CreateQuery<TEntity>(call);
        }

        return sorted!;
    }

    private Expression<Func<TEntity, bool>> Equal(int column, object? value)
    {
        var entity = Expression.Parameter(typeof(TEntity), "entity");
        Expression property = Expression.Property(entity, _properties[column]);

        // A column's own collation may take other texts for equal: rows are asked for the very text.
        if (Columns[column].Rules.Collation is not null && property.Type == typeof(string))
        {
            property = Expression.Call(Collate, Expression.Constant(EF.Functions), property, Expression.Constant(_byteOrder));
        }

        return Expression.Lambda<Func<TEntity, bool>>(Expression.Equal(property, Holder<object>.Of(property.Type, value)), entity);
    }

    private Func<object?[], ClaimsPrincipal, bool> CompileVisible(Expression<Func<TEntity, ClaimsPrincipal, bool>> visible)
    {
        var row = Expression.Parameter(typeof(object?[]), "row");
        var body = new ReadRow(visible.Parameters[0], row, Columns).Visit(visible.Body);
        return Expression.Lambda<Func<object?[], ClaimsPrincipal, bool>>(body, row, visible.Parameters[1]).Compile();
    }

    private sealed class Replace(Expression what, Expression by) : ExpressionVisitor
    {
        public override Expression? Visit(Expression? node) => node == what ? by : base.Visit(node);
    }

    private sealed class ReadRow(ParameterExpression entity, ParameterExpression row, IReadOnlyList<ResourceColumn> columns) : ExpressionVisitor
    {
        protected override Expression VisitMember(MemberExpression node)
        {
            if (node.Expression != entity)
            {
                return base.VisitMember(node);
            }

            var index = Enumerable.Range(0, columns.Count).First(i => columns[i].PropertyName == node.Member.Name);
            return Expression.Convert(Expression.ArrayIndex(row, Expression.Constant(index)), node.Type);
        }
    }
}

/// <summary>A value that stays a parameter of its query, so that one plan serves all.</summary>
internal sealed record Holder<T>(T Value)
{
    /// <summary>The value as an expression of exactly <paramref name="type"/>.</summary>
    public static Expression Of(Type type, object? value)
    {
        var holder = typeof(Holder<>).MakeGenericType(type);
        return Expression.Property(Expression.Constant(Activator.CreateInstance(holder, [value]), holder), nameof(Value));
    }
}
