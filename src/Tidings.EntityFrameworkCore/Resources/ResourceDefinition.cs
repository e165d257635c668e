using System.Linq.Expressions;
using System.Reflection;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Tidings.EntityFrameworkCore.Databases;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>What an application says of a resource, until its model is known.</summary>
internal abstract class ResourceDefinition(string name, Type entityType)
{
    private readonly Lock _gate = new();
    private Resource? _resource;

    public string Name => name;

    public Type EntityType => entityType;

    /// <summary>The resource, after the start.</summary>
    public Resource Resource => _resource ?? throw new InvalidOperationException($"The resource \"{name}\" is not ready before the application has started.");

    /// <summary>Makes the resource, once.</summary>
    /// <exception cref="InvalidOperationException">What was said does not fit the model.</exception>
    public Resource Build(DbContext context)
    {
        lock (_gate)
        {
            return _resource ??= Make(context);
        }
    }

    protected abstract Resource Make(DbContext context);
}

/// <inheritdoc/>
internal sealed class ResourceDefinition<TEntity>(string name, JsonSerializerOptions json, bool isDevelopment) : ResourceDefinition(name, typeof(TEntity))
    where TEntity : class
{
    private static readonly Type[] KeyTypes = [typeof(int), typeof(long), typeof(Guid), typeof(string)];

    public Expression<Func<TEntity, object>>? Members { get; set; }

    public bool AllMembers { get; set; }

    /// <summary>Whether clients see all columns where <see cref="Members"/> says nothing.</summary>
    public bool ShowsAll => AllMembers || isDevelopment;

    public Expression<Func<TEntity, ClaimsPrincipal, bool>>? Visible { get; set; }

    protected override Resource Make(DbContext context)
    {
        var type = context.Model.FindEntityType(typeof(TEntity)) ?? throw Fault($"is no entity of {context.GetType().Name}");
        CheckRows(type);

        if (type.FindPrimaryKey() is not { Properties: [var key] } || key.PropertyInfo is null || !KeyTypes.Contains(key.ClrType))
        {
            throw Fault("must have a key of one property, of type int, long, Guid or string");
        }

        var options = Options();
        var columns = Named(type).Select(member => Column(context, type, member.Property, member.Name, options, isShown: true)).ToList();
        foreach (var property in Visible is null ? [] : Read.Of(Visible))
        {
            AddHidden(context, columns, type, property, options);
        }

        var keyIndex = columns.FindIndex(column => column.PropertyName == key.Name);
        if (keyIndex < 0 || !columns[keyIndex].IsShown)
        {
            throw Fault($"must show its key {key.Name} among its members: clients tell rows apart by it");
        }

        return new EntityResource<TEntity>(Name, columns, keyIndex, HasKeyOrder(context, key), DatabaseProvider.Of(context)?.ByteOrder ?? "", Visible);
    }

    // Whatever else decides which rows a query sees would hide rows at first and show their events.
    private void CheckRows(IEntityType type)
    {
        foreach (var declaring in type.GetAllBaseTypesInclusive())
        {
            if (declaring.GetDeclaredQueryFilters().Count > 0)
            {
                throw Fault(declaring == type
                    ? "has a query filter, which events don't know: say the same by VisibleTo(…)"
                    : $"inherits a query filter of {declaring.DisplayName()}, which events don't know: say the same by VisibleTo(…)");
            }

            if (declaring.GetTableName() is not null && (declaring.GetViewName() ?? declaring.GetSqlQuery() ?? declaring.GetFunctionName()) is not null)
            {
                throw Fault("is written to a table and read from a view, a query or a function: what that hides, events would tell. Map an entity of its own to the one or to the other");
            }
        }

        if (type.IsOwned())
        {
            throw Fault("is owned: map a resource for the entity that owns it");
        }
    }

    // A value that is converted, and text that is not compared byte by byte, have an order of the database's own.
    private static bool HasKeyOrder(DbContext context, IProperty key) =>
        key.GetTypeMapping().Converter is null && (key.ClrType != typeof(string) || ColumnRules.Of(context, key).IsText);

    private static void AddHidden(DbContext context, List<ResourceColumn> columns, IEntityType type, string property, JsonSerializerOptions options)
    {
        if (!columns.Exists(column => column.PropertyName == property))
        {
            columns.Add(Column(context, type, property, property, options, isShown: false));
        }
    }

    private IEnumerable<(string Property, string Name)> Named(IEntityType type)
    {
        if (Members is not null)
        {
            return NamesIn(Members);
        }

        return ShowsAll
            ? type.GetProperties().Where(static property => property.PropertyInfo is { GetMethod.IsPublic: true }).Select(static property => (property.Name, property.Name))
            : throw new InvalidOperationException($"The resource \"{Name}\" does not say what of {typeof(TEntity).Name} clients may see: call .Members(i => new {{ … }}) or .AllMembers().");
    }

    private List<(string Property, string Name)> NamesIn(Expression<Func<TEntity, object>> members)
    {
        if (members.Body is not NewExpression { Members: { } names } made)
        {
            throw Fault("needs its members as an anonymous object: .Members(i => new { i.Id, i.Name })");
        }

        return
        [
            .. made.Arguments.Select((argument, i) => argument is MemberExpression { Member: PropertyInfo property } member && member.Expression == members.Parameters[0]
                ? (property.Name, names[i].Name)
                : throw Fault($"can show properties of {typeof(TEntity).Name} itself, and not {argument}")),
        ];
    }

    private static ResourceColumn Column(DbContext context, IEntityType type, string name, string shownAs, JsonSerializerOptions options, bool isShown)
    {
        var property = type.FindProperty(name);
        if (property?.PropertyInfo is not { } member)
        {
            throw new InvalidOperationException($"{typeof(TEntity).Name}.{name} is no column of its table, so no member of a resource.");
        }

        var jsonName = isShown ? options.PropertyNamingPolicy?.ConvertName(shownAs) ?? shownAs : shownAs;
        return new ResourceColumn(member, jsonName, options.GetTypeInfo(property.ClrType), ColumnRules.Of(context, property), isShown) { IsNullable = property.IsNullable };
    }

    private JsonSerializerOptions Options() => new(json)
    {
        // What a database can hold must not stop a save.
        NumberHandling = json.NumberHandling | JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = false,
    };

    private InvalidOperationException Fault(string what) => new($"The resource \"{Name}\": {typeof(TEntity).Name} {what}.");

    // Which properties of the entity an expression reads.
    private sealed class Read(ParameterExpression entity) : ExpressionVisitor
    {
        private readonly List<string> _names = [];

        public static IEnumerable<string> Of(LambdaExpression expression)
        {
            var read = new Read(expression.Parameters[0]);
            read.Visit(expression.Body);
            return read._names;
        }

        protected override Expression VisitMember(MemberExpression node)
        {
            if (node.Expression != entity)
            {
                return base.VisitMember(node);
            }

            _names.Add(node.Member.Name);
            return node;
        }

        protected override Expression VisitParameter(ParameterExpression node) => node == entity
            ? throw new InvalidOperationException($"VisibleTo can read properties of {entity.Type.Name}, and not the whole of it: events know only those.")
            : node;
    }
}
