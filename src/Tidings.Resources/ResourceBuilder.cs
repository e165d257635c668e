using System.Linq.Expressions;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings;

/// <summary>Says what clients see of a resource. As a builder of endpoints it reaches the REST routes, where there are some, and the feed's.</summary>
/// <remarks>To be called before the application starts.</remarks>
/// <typeparam name="TEntity">The entity whose rows it shows.</typeparam>
public sealed class ResourceBuilder<TEntity> : IEndpointConventionBuilder
    where TEntity : class
{
    private readonly ResourceDefinition<TEntity> _definition;
    private readonly IReadOnlyList<IEndpointConventionBuilder> _routes;
    private readonly Action _restrict;

    internal ResourceBuilder(ResourceDefinition<TEntity> definition, IReadOnlyList<IEndpointConventionBuilder> routes, Action restrict)
    {
        _definition = definition;
        _routes = routes;
        _restrict = restrict;
    }

    /// <summary>Names what clients see, and may filter, sort and write by: nothing else of the entity ever leaves the server.</summary>
    /// <param name="members">An anonymous object of columns, as <c>i => new { i.Id, i.Name }</c>; its names are those in JSON, by the application's naming policy.</param>
    public ResourceBuilder<TEntity> Members(Expression<Func<TEntity, object>> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        _definition.Members = members;
        return this;
    }

    /// <summary>Shows every column that is a public property. In Development that is so where nothing is said; elsewhere the start asks for it.</summary>
    public ResourceBuilder<TEntity> AllMembers()
    {
        _definition.AllMembers = true;
        return this;
    }

    /// <summary>Shows each user only the rows for which <paramref name="visible"/> is true; to everybody else it is as if they were not there.</summary>
    /// <remarks>
    /// It is asked of the database and, for each change, in the process: it may read columns of the entity, named or not, and whatever of the
    /// user. Where nobody is known the user has no claims. The channel <c>resource:&lt;name&gt;</c> itself is then closed to all clients,
    /// whatever their tokens say: the feed alone shows what happens.
    /// </remarks>
    /// <param name="visible">As <c>(i, user) => i.Owner == user.FindFirstValue(ClaimTypes.NameIdentifier)</c>.</param>
    public ResourceBuilder<TEntity> VisibleTo(Expression<Func<TEntity, ClaimsPrincipal, bool>> visible)
    {
        ArgumentNullException.ThrowIfNull(visible);
        _definition.Visible = visible;
        _restrict();
        return this;
    }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention)
    {
        foreach (var route in _routes)
        {
            route.Add(convention);
        }
    }

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention)
    {
        foreach (var route in _routes)
        {
            route.Finally(finallyConvention);
        }
    }
}
