using System.ComponentModel.DataAnnotations.Schema;

namespace Tidings.EntityFrameworkCore.Tests.Resources;

/// <summary>What hides rows from queries, wherever it is said, keeps a resource from starting: events would tell them.</summary>
public sealed class InheritedRulesTests
{
    [Theory]
    [InlineData(Rule.None, null)]
    [InlineData(Rule.OfTheType, "has a query filter")]
    [InlineData(Rule.OfItsBase, "inherits a query filter of Animal")]
    [InlineData(Rule.ByAConvention, "inherits a query filter of Animal")]
    [InlineData(Rule.Named, "inherits a query filter of Animal")]
    [InlineData(Rule.View, "read from a view")]
    [InlineData(Rule.SqlQuery, "read from a view")]
    public async Task A_rule_of_a_derived_type_or_of_its_base_stops_the_start(Rule rule, string? fault)
    {
        var start = StartAsync<Dog>(rule);
        if (fault is null)
        {
            await start;
            return;
        }

        Assert.Contains(fault, (await Assert.ThrowsAsync<InvalidOperationException>(() => start)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_that_a_base_resource_has_stops_the_start_too() =>
        Assert.Contains("has a query filter", (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<Animal>(Rule.OfItsBase))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task An_owned_type_is_no_resource() => await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<Collar>(Rule.None));

    // PostgreSQL is not asked at the start.
    private static async Task StartAsync<TEntity>(Rule rule)
        where TEntity : class
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRouting();
        builder.Services.AddSingleton(new Said(rule));
        builder.Services.AddDbContext<ZooDb>(static options => options.UseNpgsql("Host=127.0.0.1;Port=1;Timeout=1").ReplaceService<Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory, RuleKeys>());
        builder.Services.AddTidings().AddDbContext<ZooDb>();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapLiveResource<TEntity, ZooDb>("/ws/animals").AllMembers();
        await app.StartAsync();
        await app.StopAsync();
    }

    public enum Rule
    {
        None, OfTheType, OfItsBase, ByAConvention, Named, View, SqlQuery,
    }

    private interface ITenant
    {
        string Tenant { get; }
    }

    private class Animal : ITenant
    {
        public int Id { get; set; }

        public string Tenant { get; set; } = "";
    }

    private sealed class Dog : Animal
    {
        public string Name { get; set; } = "";

        public Collar Collar { get; set; } = new();
    }

    [ComplexType]
    private sealed class Tag
    {
        public string Text { get; set; } = "";
    }

    [Owned]
    private sealed class Collar
    {
        public int Id { get; set; }

        public Tag Tag { get; set; } = new();
    }

    private sealed record Said(Rule Rule);

    private sealed class RuleKeys : Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.GetType(), ((ZooDb)context).Rule, designTime);
    }

    private sealed class ZooDb(DbContextOptions<ZooDb> options, Said said) : DbContext(options)
    {
        public Rule Rule => said.Rule;

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddTidingsOutbox();
            if (Rule == Rule.OfTheType)
            {
                modelBuilder.Entity<Dog>().HasBaseType((Type?)null).HasQueryFilter(static dog => dog.Tenant == "mine");
                return;
            }

            modelBuilder.Entity<Animal>();
            modelBuilder.Entity<Dog>();
            switch (Rule)
            {
                case Rule.OfItsBase:
                    modelBuilder.Entity<Animal>().HasQueryFilter(static animal => animal.Tenant == "mine");
                    break;
                case Rule.Named:
                    modelBuilder.Entity<Animal>().HasQueryFilter("tenant", static animal => animal.Tenant == "mine");
                    break;
                case Rule.ByAConvention:
                    foreach (var type in modelBuilder.Model.GetEntityTypes().Where(static type => type.BaseType is null && typeof(ITenant).IsAssignableFrom(type.ClrType)).ToList())
                    {
                        var entity = System.Linq.Expressions.Expression.Parameter(type.ClrType);
                        modelBuilder.Entity(type.ClrType).HasQueryFilter(System.Linq.Expressions.Expression.Lambda(
                            System.Linq.Expressions.Expression.Equal(System.Linq.Expressions.Expression.Property(entity, "Tenant"), System.Linq.Expressions.Expression.Constant("mine")), entity));
                    }

                    break;
                case Rule.View:
                    modelBuilder.Entity<Animal>().ToTable("animals").ToView("animals_of_mine");
                    break;
                case Rule.SqlQuery:
                    modelBuilder.Entity<Animal>().ToTable("animals").ToSqlQuery("SELECT * FROM animals WHERE tenant = 'mine'");
                    break;
            }
        }
    }
}
